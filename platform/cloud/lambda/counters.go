package lambda

import (
	"sync"
	"time"

	"github.com/weirstream/weir/platform/cloud/internal/metering"
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
	DestinationDeliveryFailures int64 // failed sends of on-failure documents and invocation records; each is retried
	DeadLetterErrors            int64 // failed sends to dead-letter queues; each is retried
	AsyncEventsReceived         int64
	AsyncEventsDropped          int64 // given up, whether or not a destination was told
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

	now   func() time.Time // nil measures nothing for CloudWatch
	meter metering.Meter
}

func (c *counters) measure(values ...metering.Value) {
	if c.now != nil {
		c.meter.Add(c.now(), values...)
	}
}

func count(name string, n float64) metering.Value {
	return metering.Value{Name: name, Unit: "Count", Value: n}
}

func millis(name string, d time.Duration) metering.Value {
	return metering.Value{Name: name, Unit: "Milliseconds", Value: float64(d.Microseconds()) / 1000}
}

// DrainMetrics hands out what was measured of the functions since its last
// call, under the names that CloudWatch has for it.
func (s *Service) DrainMetrics(emit func(metering.Sample)) {
	s.mu.Lock()
	functions := make(map[string]*counters, len(s.functions))
	for name, f := range s.functions {
		functions[name] = f.counters
	}
	s.mu.Unlock()
	for name, c := range functions {
		c.meter.Drain("AWS/Lambda", []metering.Dimension{{Name: "FunctionName", Value: name}}, emit)
	}
}

func (c *counters) snapshot() Metrics {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.m
}

func (c *counters) invoked(r Result) {
	failed := 0.0
	if r.FunctionError != "" {
		failed = 1
	}
	c.measure(count("Invocations", 1), count("Errors", failed), millis("Duration", r.Duration))
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
	c.measure(count("Throttles", 1))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.m.Throttles++
}

func (c *counters) concurrent(n int) {
	c.measure(count("ConcurrentExecutions", float64(n)))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.m.ConcurrentExecutionsMax = max(c.m.ConcurrentExecutionsMax, n)
}

func (c *counters) iteratorAge(age time.Duration) {
	c.measure(millis("IteratorAge", age))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.m.IteratorAge = age
	c.m.IteratorAgeMax = max(c.m.IteratorAgeMax, age)
}

func (c *counters) destinationFailed() {
	c.measure(count("DestinationDeliveryFailures", 1))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.m.DestinationDeliveryFailures++
}

func (c *counters) deadLetterFailed() {
	c.measure(count("DeadLetterErrors", 1))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.m.DeadLetterErrors++
}

func (c *counters) asyncReceived() {
	c.measure(count("AsyncEventsReceived", 1))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.m.AsyncEventsReceived++
}

func (c *counters) asyncDropped() {
	c.measure(count("AsyncEventsDropped", 1))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.m.AsyncEventsDropped++
}

// asyncAge is how long an event waited before an attempt.
func (c *counters) asyncAge(age time.Duration) { c.measure(millis("AsyncEventAge", age)) }
