package lambda

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
)

// maxEventBytes is the largest payload of an Event invocation.
const maxEventBytes = 1 << 20

// accept takes on an Event invocation; from here on it must not be lost.
func (s *Service) accept(t *target, id string, payload []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, err := s.find(t)
	if err != nil {
		return err
	}
	f := c.function
	if err := s.queueEvents(f); err != nil {
		return err
	}
	now := s.cfg.Wall.Now()
	err = f.events.accept(asyncEvent{ID: id, Reference: t.reference(), Payload: payload, Accepted: now, Due: now})
	if err == nil {
		f.counters.asyncReceived()
	}
	return err
}

// queueEvents gives a function a queue for events, unless it has one; s.mu is held.
func (s *Service) queueEvents(f *function) error {
	if f.events != nil {
		return nil
	}
	queue := newAsyncQueue(f.name, s.cfg.Data)
	w := &asyncWorker{function: f.name, queue: queue, deps: s, wall: s.cfg.Wall, counters: f.counters, log: s.cfg.Log}
	if !s.sup.spawn(w.run) {
		return serviceError("accept an event for %s: %v", f.name, errStopped)
	}
	f.events = queue
	return nil
}

// eventLimits are what an event's function, version or alias is configured for
// now. A qualifier that is gone leaves the configuration it had.
func (s *Service) eventLimits(reference string) (eventLimits, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &target{FunctionName: reference}
	c, err := s.find(t)
	switch {
	case c.function == nil:
		return eventLimits{}, err
	case c.version == nil:
		c.version = &c.function.version
	}
	limits := eventLimits{
		retryMax: eventRetriesMax, ageMax: eventAgeMax,
		role: c.version.spec.role, deadLetter: c.version.spec.deadLetter,
	}
	if n, reserved := s.pool.reservation(c.function.name); reserved && n == 0 {
		limits.stopped = true
	}
	config := c.function.eventConfigs[eventQualifier(t)]
	if config == nil {
		return limits, nil
	}
	set(&limits.retryMax, config.retries)
	if config.ageSeconds != nil {
		limits.ageMax = time.Duration(*config.ageSeconds) * time.Second
	}
	limits.onSuccess, limits.onFailure = config.onSuccess, config.onFailure
	return limits, nil
}

// invokeEvent is one attempt at an event.
func (s *Service) invokeEvent(ctx context.Context, e asyncEvent) (Result, error) {
	chosen, arn, err := s.choose(&target{FunctionName: e.Reference})
	if err != nil {
		return Result{}, err
	}
	if err := s.cfg.Data.Wait(ctx); err != nil { // no effect of what a crash could take back
		return Result{}, err
	}
	return s.pool.invoke(ctx, chosen, job{e.ID, arn, e.Payload})
}

// sendEvent brings an event to its first target under the function's role: a
// record of the invocation to a destination, the event to a dead-letter queue.
func (s *Service) sendEvent(ctx context.Context, e asyncEvent) error {
	to := e.Targets[0]
	if action := s.mayDeliver(e.Role, to.ARN); action != "" {
		return errors.New("the function's execution role lacks the permission " + action + " on " + to.ARN)
	}
	if to.DeadLetter {
		return s.cfg.Destinations.Send(ctx, to.ARN, e.Payload, e.deadLetterAttributes()...)
	}
	body := e.record(s.cfg.Wall.Now(), s.functionARN(e.qualified()), true)
	if isFunctionARN(to.ARN) {
		if len(body) > maxEventBytes {
			body = e.record(s.cfg.Wall.Now(), s.functionARN(e.qualified()), false)
		}
		return s.accept(&target{FunctionName: to.ARN}, uuid.NewString(), body)
	}
	err := s.cfg.Destinations.Send(ctx, to.ARN, body)
	if tooLargeForTarget(err) {
		err = s.cfg.Destinations.Send(ctx, to.ARN, e.record(s.cfg.Wall.Now(), s.functionARN(e.qualified()), false))
	}
	return err
}

// mayDeliver is the action that a role lacks to deliver to a target, or "".
func (s *Service) mayDeliver(role, arn string) string {
	action := "sqs:SendMessage"
	if isFunctionARN(arn) {
		action = "lambda:InvokeFunction"
	}
	if s.mappingDeps().allowed(role, need{[]string{action}, arn}) {
		return ""
	}
	return action
}

func isFunctionARN(arn string) bool {
	parts := strings.Split(arn, ":")
	return len(parts) >= 7 && parts[2] == "lambda" && parts[5] == "function"
}

// tooLargeForTarget reports that a target can never take what it was sent.
func tooLargeForTarget(err error) bool { return errors.Is(err, ErrTooLarge) }
