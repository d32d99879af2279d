package clock_test

import (
	"testing"
	"time"

	"github.com/weirstream/weir/platform/clock"
)

func TestJitterGrowsToItsMost(t *testing.T) {
	t.Parallel()
	const base, most = 10 * time.Millisecond, time.Second
	j := clock.NewJitter(1, clock.Wall{})
	for tries, end := range map[int]time.Duration{0: base, 1: 2 * base, 6: 64 * base, 7: most, 40: most, 62: most, 63: most, 1000: most} {
		var longest time.Duration
		for range 1000 {
			if full := j.Full(tries, base, most); full < 0 || full >= end {
				t.Fatalf("%d tries: full %v of %v", tries, full, end)
			} else {
				longest = max(longest, full)
			}
			if half := j.Half(tries, base, most); half < end/2 || half >= end {
				t.Fatalf("%d tries: half %v of %v", tries, half, end)
			}
		}
		if longest < end*9/10 {
			t.Errorf("%d tries: the longest of a thousand is %v of %v", tries, longest, end)
		}
	}
	if full, half := j.Full(0, 0, most), j.Half(0, 0, most); full != 0 || half != 0 {
		t.Errorf("of nothing %v and %v", full, half)
	}
}

func TestJitterIsItsSeeds(t *testing.T) {
	t.Parallel()
	a, b := clock.NewJitter(7, clock.Wall{}), clock.NewJitter(7, clock.Wall{})
	other := clock.NewJitter(8, clock.Wall{})
	same := true
	for range 10 {
		d := a.Full(20, time.Second, time.Hour)
		if d != b.Full(20, time.Second, time.Hour) {
			t.Fatal("two of one seed differ")
		}
		same = same && d == other.Full(20, time.Second, time.Hour)
	}
	if same {
		t.Error("two of different seeds are the same")
	}
}
