package lambda

import (
	"sync"
	"time"
)

// Metrics are a function's totals since it was created, under the names
// CloudWatch gives them.
type Metrics struct {
	Invocations                 int64
	Errors                      int64 // invocations that ended in a function error
	Throttles                   int64
	Duration                    time.Duration // sum over invocations
	DurationMax                 time.Duration
	ConcurrentExecutionsMax     int
	IteratorAge                 time.Duration // age of the last record of the last batch from a stream
	IteratorAgeMax              time.Duration
	DestinationDeliveryFailures int64 // failed sends of on-failure documents; each is retried
}

// Metrics reports a function's totals, and false if there is no such function.
func (s *Service) Metrics(function string) (Metrics, bool) {
	f, ok := s.function(function)
	if !ok {
		return Metrics{}, false
	}
	return f.counters.snapshot(), true
}

// counters collect Metrics; they outlive revisions of a function.
type counters struct {
	mu sync.Mutex
	m  Metrics
}

func (c *counters) snapshot() Metrics {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.m
}

func (c *counters) invoked(r Result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.m.Invocations++
	if r.FunctionError != "" {
		c.m.Errors++
	}
	c.m.Duration += r.Duration
	c.m.DurationMax = max(c.m.DurationMax, r.Duration)
}

func (c *counters) throttled() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.m.Throttles++
}

func (c *counters) concurrent(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.m.ConcurrentExecutionsMax = max(c.m.ConcurrentExecutionsMax, n)
}

func (c *counters) iteratorAge(age time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.m.IteratorAge = age
	c.m.IteratorAgeMax = max(c.m.IteratorAgeMax, age)
}

func (c *counters) destinationFailed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.m.DestinationDeliveryFailures++
}
