package kafka

import (
	"context"
	"sync"
	"time"
)

// slowness is SlowFetches at work.
type slowness struct {
	cluster *cluster
	ctx     context.Context // ends with Undo and with the cluster
	delay   time.Duration
	span    Span
	until   time.Time

	mu   sync.Mutex
	hits int
}

// wait holds up one fetch; kfake calls it before it handles one.
func (s *slowness) wait() {
	if !s.take() {
		s.cluster.DropControl()
		return
	}
	s.cluster.SleepControl(func() { _ = s.cluster.wall.Sleep(s.ctx, s.delay) }) // cut short by Undo
}

func (s *slowness) take() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	over := s.span.Count > 0 && s.hits == s.span.Count || !s.until.IsZero() && !s.cluster.wall.Now().Before(s.until)
	if over || s.ctx.Err() != nil {
		return false
	}
	s.hits++
	return true
}

func (s *slowness) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hits
}
