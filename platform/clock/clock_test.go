package clock

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clocks are one of each kind, with how many wall seconds a second of theirs lasts.
func clocks() map[string]struct {
	Clock
	wallPerSecond time.Duration
} {
	return map[string]struct {
		Clock
		wallPerSecond time.Duration
	}{
		"wall":      {Wall{}, time.Second},
		"simulated": {Simulated{Epoch: time.Unix(1e9, 0), Origin: time.Now()}, time.Second},
		"fast":      {Simulated{Epoch: time.Unix(1e9, 0), Origin: time.Now(), Speed: 50}, 20 * time.Millisecond},
		"slow":      {Simulated{Epoch: time.Unix(1e9, 0), Origin: time.Now(), Speed: 0.25}, 4 * time.Second},
	}
}

// each runs a test on every clock in a world where time is not real.
func each(t *testing.T, test func(t *testing.T, c Clock, wallPerSecond time.Duration)) {
	t.Helper()
	for _, name := range []string{"wall", "simulated", "fast", "slow"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c := clocks()[name]
				test(t, c.Clock, c.wallPerSecond)
			})
		})
	}
}

// took checks how much wall time and how much of its own time a clock let pass.
func took(t *testing.T, c Clock, wantOwn, wantWall time.Duration, wait func()) {
	t.Helper()
	own, wall := c.Now(), time.Now()
	wait()
	if got := c.Now().Sub(own); got != wantOwn {
		t.Errorf("%v passed on the clock, want %v", got, wantOwn)
	}
	if got := time.Since(wall); got != wantWall {
		t.Errorf("%v passed on the wall, want %v", got, wantWall)
	}
}

func TestSleep(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c Clock, second time.Duration) {
		took(t, c, 3*time.Second, 3*second, func() {
			if err := c.Sleep(t.Context(), 3*time.Second); err != nil {
				t.Error(err)
			}
		})
		took(t, c, 0, 0, func() {
			if err := c.Sleep(t.Context(), -time.Second); err != nil {
				t.Error(err)
			}
		})
		took(t, c, 2*time.Second, 2*second, func() {
			ctx, cancel := context.WithTimeout(t.Context(), 2*second)
			defer cancel()
			if err := c.Sleep(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			if err := c.Sleep(ctx, 0); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v from an ended context", err)
			}
		})
	})
}

func TestTimer(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c Clock, second time.Duration) {
		timer := c.NewTimer(2 * time.Second)
		took(t, c, 2*time.Second, 2*second, func() { <-timer.C })
		if timer.Stop() {
			t.Error("a fired timer was stopped")
		}
		timer.Reset(time.Second)
		took(t, c, time.Second, second, func() { <-timer.C })
		timer.Reset(time.Second)
		if !timer.Stop() {
			t.Error("a waiting timer was not stopped")
		}
	})
}

func TestTicker(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, c Clock, second time.Duration) {
		ticker := c.NewTicker(time.Second)
		defer ticker.Stop()
		took(t, c, 3*time.Second, 3*second, func() {
			for range 3 {
				<-ticker.C
			}
		})
		// A slow reader gets one tick for all it missed.
		if err := c.Sleep(t.Context(), 5500*time.Millisecond); err != nil {
			t.Error(err)
		}
		<-ticker.C
		took(t, c, 500*time.Millisecond, second/2, func() { <-ticker.C })
	})
}
