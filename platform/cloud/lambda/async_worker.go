package lambda

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/weirstream/weir/platform/clock"
)

// asyncConcurrency is how many of a function's events are worked on at once.
// AWS scales on and on; here every one may start a process.
const asyncConcurrency = 10

// asyncDeps are the parts that an asyncWorker works with; the Service is one.
type asyncDeps interface {
	// eventLimits are what holds for an event now, or an error if its function
	// is gone.
	eventLimits(reference string) (eventLimits, error)
	// invokeEvent is one attempt; see Service.Invoke for what its error means.
	invokeEvent(ctx context.Context, e asyncEvent) (Result, error)
	// sendEvent brings an event that has ended to its first target.
	sendEvent(ctx context.Context, e asyncEvent) error
}

// asyncWorker takes one function's events through it. Its guarantee: an event
// leaves the queue only when an invocation succeeded or it was given up under
// the limits, and every target that is configured for that has taken it; what
// has not got so far when ctx ends is named in the log. Events are neither in
// order nor invoked just once. It breaks where the function is deleted: its
// events go with it.
type asyncWorker struct {
	function string
	queue    *asyncQueue
	deps     asyncDeps
	wall     clock.Clock
	counters *counters
	log      *slog.Logger
}

// run works until ctx ends or the queue is closed.
func (w *asyncWorker) run(ctx context.Context) {
	var work sync.WaitGroup
	defer w.report()
	defer work.Wait()
	slots := make(chan struct{}, asyncConcurrency)
	for ctx.Err() == nil {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return
		}
		e, ok, next := w.queue.take(w.wall.Now())
		if ok {
			work.Go(func() {
				defer func() { <-slots }()
				w.queue.putBack(w.step(ctx, e))
			})
			continue
		}
		<-slots
		if w.queue.isClosed() || !w.wait(ctx, next) {
			return
		}
	}
}

// wait returns when the queue changes or at an instant, if it is given; false
// if ctx ended.
func (w *asyncWorker) wait(ctx context.Context, until time.Time) bool {
	var due <-chan time.Time
	if !until.IsZero() {
		timer := w.wall.NewTimer(until.Sub(w.wall.Now()))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-w.queue.changed:
	case <-due:
	case <-ctx.Done():
		return false
	}
	return true
}

// step does the next thing for an event and returns what it became.
func (w *asyncWorker) step(ctx context.Context, e asyncEvent) asyncEvent {
	if ctx.Err() != nil {
		return e
	}
	if e.Condition != "" {
		return w.send(ctx, e)
	}
	limits, err := w.deps.eventLimits(e.Reference)
	if err != nil { // the function went while the event was in hand
		return e
	}
	now := w.wall.Now()
	if condition := e.verdict(now, limits); condition != "" {
		return w.given(e.ended(now, condition, limits))
	}
	w.counters.asyncAge(now.Sub(e.Accepted))
	r, err := w.deps.invokeEvent(ctx, e)
	switch {
	case err != nil && ctx.Err() != nil:
		return e
	case err != nil:
		return e.refused(w.wall.Now(), err, limits)
	default:
		return w.given(e.attempted(w.wall.Now(), r, limits))
	}
}

// given counts an event that was given up.
func (w *asyncWorker) given(e asyncEvent) asyncEvent {
	if e.Condition != "" && e.Condition != conditionSuccess {
		w.counters.asyncDropped()
		w.log.Warn("event invocation given up", "function", w.function, "request", e.ID,
			"condition", e.Condition, "invokes", e.Invokes, "targets", len(e.Targets))
	}
	return e
}

func (w *asyncWorker) send(ctx context.Context, e asyncEvent) asyncEvent {
	err := w.deps.sendEvent(ctx, e)
	if err == nil {
		return e.sent()
	}
	target := e.Targets[0]
	if target.DeadLetter {
		w.counters.deadLetterFailed()
	} else {
		w.counters.destinationFailed()
	}
	w.log.Warn("event invocation not delivered", "function", w.function, "request", e.ID,
		"target", target.ARN, "error", err, "again", !tooLargeForTarget(err))
	if tooLargeForTarget(err) {
		return e.sent() // it will never fit: as on AWS it is counted and gone
	}
	return e.unsent(w.wall.Now())
}

// report names what has not ended.
func (w *asyncWorker) report() {
	ids := w.queue.pending()
	if len(ids) == 0 {
		return
	}
	slices.Sort(ids)
	w.log.Warn("event invocations pending at stop", "function", w.function, "events", len(ids), "requests", ids[:min(len(ids), 20)])
}
