package observe

import (
	"context"
	"os"
	"sync"
	"time"
)

// sampleEvery is how often memory is measured, sampleShare the part of one
// processor that it may take: the kernel walks every page of a process to tell
// its PSS, 5 ms for 200 MB. Where that is more, samples are rarer.
const (
	sampleEvery = 200 * time.Millisecond
	sampleShare = 0.01
)

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
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		began := time.Now()
		s.Sample()
		cost := time.Since(began)
		timer.Reset(max(sampleEvery-cost, time.Duration(float64(cost)/sampleShare)))
		select {
		case <-timer.C:
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
