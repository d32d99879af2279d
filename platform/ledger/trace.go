package ledger

import (
	"math"
	"slices"
	"time"
)

// sample is one latency and when it was taken. Eight bytes, so that ten million
// events of a traced run cost 80 MB.
type sample struct {
	intendedMs uint32 // since the trace began, 0 for before
	took       uint32 // microseconds, at most 71 minutes
}

type trace struct {
	now     func() time.Time
	since   time.Time
	samples map[string][]sample
}

// Trace keeps, from now on, every latency with the instant from which it
// counts, so that a run with faults can tell afterwards which of them a fault
// was in the way of. Without it the ledger keeps histograms only.
func (l *Ledger) Trace(now func() time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.trace = &trace{now: now, since: now(), samples: map[string][]sample{}}
}

func (t *trace) add(name string, d time.Duration) {
	intended := t.now().Add(-d).Sub(t.since).Milliseconds()
	t.samples[name] = append(t.samples[name], sample{
		intendedMs: uint32(min(max(intended, 0), math.MaxUint32)),
		took:       uint32(min(max(d.Microseconds(), 1), math.MaxUint32)),
	})
}

// Parts are the quantiles of one latency, split in two, and how many samples
// each part has. A part without samples has zero quantiles.
type Parts struct {
	In, Out           Quantiles
	InCount, OutCount int
}

// Split parts a traced latency by the instant from which each sample counts.
func (l *Ledger) Split(name string, in func(intended time.Time) bool) Parts {
	l.mu.Lock()
	defer l.mu.Unlock()
	var inside, outside []uint32
	if l.trace != nil {
		for _, s := range l.trace.samples[name] {
			if in(l.trace.since.Add(time.Duration(s.intendedMs) * time.Millisecond)) {
				inside = append(inside, s.took)
			} else {
				outside = append(outside, s.took)
			}
		}
	}
	return Parts{In: exact(inside), Out: exact(outside), InCount: len(inside), OutCount: len(outside)}
}

// exact are the quantiles of the samples themselves.
func exact(took []uint32) Quantiles {
	if len(took) == 0 {
		return Quantiles{}
	}
	slices.Sort(took)
	at := func(q float64) float64 {
		return float64(took[max(0, int(math.Ceil(q*float64(len(took))))-1)]) / 1000
	}
	return Quantiles{P50: at(.5), P90: at(.9), P99: at(.99), P999: at(.999), Max: at(1)}
}
