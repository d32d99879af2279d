package ledger

import (
	"testing"
	"time"
)

// TestSplitPartsByIntendedSend takes samples late, as a stalled system does:
// what counts is when they were due, not when they arrived.
func TestSplitPartsByIntendedSend(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	now := start
	l := New()
	l.Latency("x", time.Second) // before the trace: in the histogram alone
	l.Trace(func() time.Time { return now })
	for i := range 100 { // due every 10 ms, and those of the second half 300 ms late
		took := time.Millisecond
		if i >= 50 {
			took = 300 * time.Millisecond
		}
		now = start.Add(time.Duration(i)*10*time.Millisecond + took)
		l.Latency("x", took)
	}
	shadow := func(at time.Time) bool { return !at.Before(start.Add(500 * time.Millisecond)) }
	p := l.Split("x", shadow)
	if p.InCount != 50 || p.OutCount != 50 {
		t.Fatalf("%d in, %d out; want 50 each", p.InCount, p.OutCount)
	}
	if p.Out.P99 != 1 || p.Out.Max != 1 || p.In.P50 != 300 || p.In.P99 != 300 {
		t.Errorf("out %+v, in %+v; want 1 ms and 300 ms", p.Out, p.In)
	}
	if empty := l.Split("y", shadow); empty != (Parts{}) {
		t.Errorf("a latency nobody took has %+v", empty)
	}
}
