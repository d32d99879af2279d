package scenario

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// services are the running services of one scenario.
type services struct {
	env     Env
	stopMax time.Duration // each may take to stop
	running []*runningService
	failed  chan struct{} // closed when a service ends before it was stopped

	mu  sync.Mutex
	err error
}

type runningService struct {
	Service
	cancel context.CancelFunc
	done   chan struct{}
	err    error
}

// Serve runs services of a provisioned scenario until ctx ends or one of them
// ends by itself, and calls ready once all can take work. They start downstream
// first and stop upstream first, so that what is in flight arrives; each may
// take the scenario's DrainMax to finish what it has in hand.
func Serve(ctx context.Context, s Scenario, env Env, list []Service, ready func()) error {
	running := newServices(env, s.Defaults(env.Settings).DrainMax)
	err := running.start(context.WithoutCancel(ctx), ctx, list)
	if err == nil {
		ready()
		select {
		case <-ctx.Done():
		case <-running.failed:
			err = running.failure()
		}
	} else if ctx.Err() != nil {
		err = nil // stopped before all were ready, which is a clean stop too
	}
	return errors.Join(append([]error{err}, running.stop()...)...)
}

func newServices(env Env, stopMax time.Duration) *services {
	return &services{env: env, stopMax: stopMax, failed: make(chan struct{})}
}

// start starts the services in order, each under a context of its own and once
// the one before it can take work, until starting ends. After an error those
// that were started still run.
func (s *services) start(ctx, starting context.Context, list []Service) error {
	for _, service := range list {
		r := s.launch(ctx, service)
		if err := s.ready(starting, r); err != nil {
			return err
		}
	}
	return nil
}

func (s *services) launch(ctx context.Context, service Service) *runningService {
	ctx, cancel := context.WithCancel(ctx)
	r := &runningService{Service: service, cancel: cancel, done: make(chan struct{})}
	s.running = append(s.running, r)
	go func() {
		defer close(r.done)
		r.err = guard(ctx, s.env.Wall, s.stopMax, "service "+service.Name, service.Run)
		if ctx.Err() == nil {
			s.fail(r)
		}
	}()
	return r
}

// fail records the first service that ended although nobody stopped it.
func (s *services) fail(r *runningService) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	s.err = r.err
	if s.err == nil {
		s.err = fmt.Errorf("service %s ended by itself", r.Name)
	}
	close(s.failed)
}

func (s *services) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// unreadyAfter is when it is worth a word that a service is not ready.
const unreadyAfter = 10 * time.Second

// ready waits until r can take work, or a service fails.
func (s *services) ready(ctx context.Context, r *runningService) error {
	if r.Ready == nil {
		return s.failure()
	}
	ctx, cancel := context.WithCancel(ctx)
	var watch sync.WaitGroup
	defer func() {
		cancel()
		watch.Wait()
	}()
	watch.Go(func() {
		patience := s.env.Wall.NewTimer(unreadyAfter)
		defer patience.Stop()
		for {
			select {
			case <-patience.C:
				s.env.Log.Warn("a service is not ready yet: does what it needs run?", "service", r.Name, "after", unreadyAfter)
			case <-s.failed:
				cancel()
				return
			case <-ctx.Done():
				return
			}
		}
	})
	err := guard(ctx, s.env.Wall, stopGrace, "service "+r.Name+" becoming ready", r.Ready)
	return cmp.Or(s.failure(), err)
}

// stop ends the services in reverse order, upstream first, and returns what
// did not stop cleanly.
func (s *services) stop() []error {
	var problems []error
	if s == nil {
		return nil
	}
	for _, r := range slices.Backward(s.running) {
		r.cancel()
		<-r.done // bounded: guard gives up on a service that hangs
		if r.err != nil && s.failure() == nil {
			problems = append(problems, r.err)
		}
	}
	return problems
}
