package lambda

import (
	"context"
	"errors"
	"sync"
)

var errStopped = errors.New("the Lambda service is not running")

// supervisor owns the goroutines that API calls ask for: calls arrive on the
// HTTP server's goroutines, the work they start belongs to Run, which waits
// for all of it. Work asked for before Run begins with it.
type supervisor struct {
	begun chan struct{}

	mu      sync.Mutex
	ctx     context.Context // nil until begin
	stopped bool
	wg      sync.WaitGroup
	pending []func(context.Context)
}

func newSupervisor() *supervisor { return &supervisor{begun: make(chan struct{})} }

// spawn runs fn under Run's context; false means the service has stopped.
func (s *supervisor) spawn(fn func(context.Context)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.stopped:
		return false
	case s.ctx == nil:
		s.pending = append(s.pending, fn)
	default:
		ctx := s.ctx
		s.wg.Go(func() { fn(ctx) })
	}
	return true
}

// begin starts what is pending; it fails if it was called before.
func (s *supervisor) begin(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx != nil {
		return errors.New("lambda service: Run called twice")
	}
	s.ctx = ctx
	for _, fn := range s.pending {
		s.wg.Go(func() { fn(ctx) })
	}
	s.pending = nil
	close(s.begun)
	return nil
}

// finish refuses further work and waits for what runs.
func (s *supervisor) finish() {
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	s.wg.Wait()
}

// wait blocks until Run has begun.
func (s *supervisor) wait(ctx context.Context) error {
	select {
	case <-s.begun:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
