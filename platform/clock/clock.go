// Package clock makes time a value. Two clocks exist in weir: the wall clock,
// which signatures, time-outs, retries, quotas and every reported latency use,
// and the simulated clock, an affine function of the wall clock that event
// time, batching windows and schedules use (see Simulated).
package clock

import (
	"context"
	"time"
)

// Clock tells the time and waits on it. Implementations are safe for
// concurrent use. Durations are in the clock's own time: ten seconds on a
// clock at speed 60 pass in a sixth of a wall second.
type Clock interface {
	// Now is the current instant of this clock.
	Now() time.Time
	// Sleep waits d, or returns ctx's error if ctx ends first. A d of zero or
	// less returns at once with ctx's error, if any.
	Sleep(ctx context.Context, d time.Duration) error
	// NewTimer fires once after d.
	NewTimer(d time.Duration) *Timer
	// NewTicker fires every d, dropping ticks for a slow reader; d must be positive.
	NewTicker(d time.Duration) *Ticker
}

// Timer fires once on C. C carries wall instants; read the clock for its own.
type Timer struct {
	C     <-chan time.Time
	timer *time.Timer
	scale func(time.Duration) time.Duration
}

// Stop prevents the timer from firing; it reports whether it did so.
func (t *Timer) Stop() bool { return t.timer.Stop() }

// Reset makes the timer fire after d from now.
func (t *Timer) Reset(d time.Duration) bool { return t.timer.Reset(t.scale(d)) }

// Ticker fires repeatedly on C.
type Ticker struct {
	C      <-chan time.Time
	ticker *time.Ticker
}

// Stop ends the ticks; it does not close C.
func (t *Ticker) Stop() { t.ticker.Stop() }

// Wall is the machine's own clock.
type Wall struct{}

// Now is time.Now.
func (Wall) Now() time.Time { return time.Now() }

// Sleep waits d or until ctx ends.
func (Wall) Sleep(ctx context.Context, d time.Duration) error { return sleep(ctx, d) }

// NewTimer fires once after d.
func (Wall) NewTimer(d time.Duration) *Timer { return newTimer(d, identity) }

// NewTicker fires every d.
func (Wall) NewTicker(d time.Duration) *Ticker { return newTicker(d) }

func identity(d time.Duration) time.Duration { return d }

func newTimer(d time.Duration, scale func(time.Duration) time.Duration) *Timer {
	t := time.NewTimer(scale(d))
	return &Timer{C: t.C, timer: t, scale: scale}
}

func newTicker(wall time.Duration) *Ticker {
	t := time.NewTicker(wall)
	return &Ticker{C: t.C, ticker: t}
}

func sleep(ctx context.Context, wall time.Duration) error {
	if err := ctx.Err(); err != nil || wall <= 0 {
		return err
	}
	t := time.NewTimer(wall)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
