// Package metering is how a service of the cloud counts what it does for
// CloudWatch: meters add up on the hot path, and CloudWatch drains them once a
// minute and before it is read.
package metering

import (
	"sync"
	"time"
)

// Dimension names one property of a metric.
type Dimension struct{ Name, Value string }

// Sample is a statistic set of one metric over the time since the last drain.
type Sample struct {
	Namespace, Name, Unit string
	Dimensions            []Dimension
	At                    time.Time // of the first measurement in it
	Count, Sum, Min, Max  float64
}

// Value is one measurement.
type Value struct {
	Name, Unit string
	Value      float64
}

// Meter adds up the measurements of one resource. The zero value is ready, and
// it is safe for concurrent use.
type Meter struct {
	mu    sync.Mutex
	cells map[string]Sample
}

// Add takes what was measured at one instant, under one lock.
func (m *Meter) Add(at time.Time, values ...Value) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.cells == nil {
		m.cells = make(map[string]Sample)
	}
	for _, v := range values {
		s, begun := m.cells[v.Name]
		if !begun {
			s = Sample{Name: v.Name, Unit: v.Unit, At: at, Min: v.Value, Max: v.Value}
		}
		s.Count++
		s.Sum += v.Value
		s.Min, s.Max = min(s.Min, v.Value), max(s.Max, v.Value)
		m.cells[v.Name] = s
	}
}

// Drain hands out what was measured since the last drain and begins anew. It
// reports false if that was nothing.
func (m *Meter) Drain(namespace string, dimensions []Dimension, emit func(Sample)) bool {
	m.mu.Lock()
	cells := m.cells
	m.cells = nil
	m.mu.Unlock()
	for _, s := range cells {
		s.Namespace, s.Dimensions = namespace, dimensions
		emit(s)
	}
	return len(cells) > 0
}
