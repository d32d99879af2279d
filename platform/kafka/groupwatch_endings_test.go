package kafka

import (
	"testing"
	"time"
)

func TestEndingsTellWhenARecordWasWritten(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	second := func(n float64) time.Time { return start.Add(time.Duration(n * float64(time.Second))) }
	e := &endings{}
	for at, end := range []int64{100, 200, 200, 200, 200, 300, 250} { // the last is of a leader that lags
		e.add(second(float64(at)), end)
	}
	for _, test := range []struct {
		name   string
		offset int64
		want   time.Time
		known  bool
	}{
		{"before the first look", 50, second(0), false},
		{"last before the first look", 99, second(0), false},
		{"halfway", 149, second(0.5), true},
		{"last before the stand", 199, second(1), true},
		{"first after the stand", 200, second(4.01), true},
		{"last", 299, second(5), true},
		{"not written yet", 400, second(5), true},
	} {
		at, known := e.reached(test.offset)
		if known != test.known || at.Sub(test.want).Abs() > time.Millisecond {
			t.Errorf("%s: %v, %v; want %v, %v", test.name, at.Sub(start), known, test.want.Sub(start), test.known)
		}
	}
}

func TestEndingsAreBounded(t *testing.T) {
	t.Parallel()
	e := &endings{}
	for i := range 10 * endingsMax {
		e.add(time.Unix(int64(i), 0), int64(i))
	}
	if n := len(e.seen); n > endingsMax {
		t.Errorf("%d kept", n)
	}
	if at, known := e.reached(int64(10*endingsMax - 10)); !known || at != time.Unix(int64(10*endingsMax-9), 0) {
		t.Errorf("%v, %v", at, known)
	}
}
