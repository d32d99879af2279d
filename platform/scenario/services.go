package scenario

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// services are the running services of one scenario.
type services struct {
	env     Env
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

// startServices starts every service in order, each under a context of its own.
func startServices(ctx context.Context, env Env, list []Service) *services {
	s := &services{env: env, failed: make(chan struct{})}
	for _, service := range list {
		ctx, cancel := context.WithCancel(ctx)
		running := &runningService{Service: service, cancel: cancel, done: make(chan struct{})}
		s.running = append(s.running, running)
		go func() {
			defer close(running.done)
			running.err = guard(ctx, env.Wall, "service "+service.Name, service.Run)
			if ctx.Err() == nil {
				s.fail(running)
			}
		}()
	}
	return s
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

// ready waits for every service in order.
func (s *services) ready(ctx context.Context) error {
	for _, r := range s.running {
		if r.Ready == nil {
			continue
		}
		ctx, cancel := context.WithCancel(ctx)
		go func() {
			select {
			case <-s.failed:
				cancel()
			case <-ctx.Done():
			}
		}()
		err := guard(ctx, s.env.Wall, "service "+r.Name+" becoming ready", r.Ready)
		cancel()
		if failure := s.failure(); failure != nil {
			return failure
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// stop ends the services in reverse order, upstream first, and returns what
// did not stop cleanly.
func (s *services) stop() []error {
	var problems []error
	for _, r := range slices.Backward(s.running) {
		r.cancel()
		<-r.done // bounded: guard gives up on a service that hangs
		if r.err != nil && s.failure() == nil {
			problems = append(problems, r.err)
		}
	}
	return problems
}
