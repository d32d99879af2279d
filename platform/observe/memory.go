package observe

import (
	"context"
	"os"
	"sync"
	"time"
)

// sampleEvery is how often memory is measured.
const sampleEvery = 200 * time.Millisecond

// MemorySampler follows the memory of this process and of all its
// descendants, and keeps the highest sum seen. A peak shorter than the
// sampling interval can be missed; a child that has been orphaned no longer
// counts. Safe for concurrent use.
type MemorySampler struct {
	root   int
	method string
	probe  func(pid int) (bytes uint64, ok bool)
	family func(root int) []int

	mu   sync.Mutex
	peak uint64
}

// NewMemorySampler measures this process and what it starts.
func NewMemorySampler() *MemorySampler {
	s := &MemorySampler{root: os.Getpid()}
	s.method, s.probe, s.family = platformProbe(s.root)
	return s
}

// Run samples until ctx ends, and once more then.
func (s *MemorySampler) Run(ctx context.Context) error {
	ticker := time.NewTicker(sampleEvery)
	defer ticker.Stop()
	for {
		s.Sample()
		select {
		case <-ticker.C:
		case <-ctx.Done():
			s.Sample()
			return nil
		}
	}
}

// Sample measures now and returns the sum.
func (s *MemorySampler) Sample() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var sum uint64
	for _, pid := range s.family(s.root) {
		if bytes, ok := s.probe(pid); ok { // else it ended meanwhile
			sum += bytes
		}
	}
	s.peak = max(s.peak, sum)
	return sum
}

// Peak is the highest sum so far, 0 before the first sample, and the name of
// the method it was measured by.
func (s *MemorySampler) Peak() (bytes uint64, method string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.peak, s.method
}
