package scenario

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/ledger"
)

// countingWall counts how often it was slept on.
type countingWall struct {
	clock.Wall
	sleeps int
}

func (c *countingWall) Sleep(ctx context.Context, d time.Duration) error {
	if d > 0 {
		c.sleeps++
	}
	return c.Wall.Sleep(ctx, d)
}

func TestPaceSleepsInSteps(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		spacing       time.Duration
		late          time.Duration // at most
		sleeps, least int
	}{
		{50 * time.Microsecond, time.Millisecond, 51, 45},
		{3 * time.Millisecond, 0, 999, 999},
	} {
		synctest.Test(t, func(t *testing.T) {
			wall := &countingWall{}
			env := Env{Wall: wall, Sim: clock.Simulated{Speed: 1}, Start: wall.Now()}
			plan := func(yield func(Planned) bool) {
				for i := range 1000 {
					if !yield(Planned{ID: ledger.ID{Seq: uint32(i)}, At: time.Duration(i) * c.spacing}) {
						return
					}
				}
			}
			n := 0
			for p := range pace(t.Context(), env, plan) {
				if late := wall.Now().Sub(env.Due(p)); late < 0 || late > c.late {
					t.Fatalf("event %d is %v late, want 0 to %v", n, late, c.late)
				}
				n++
			}
			if n != 1000 || wall.sleeps > c.sleeps || wall.sleeps < c.least {
				t.Errorf("%d events every %v, %d sleeps, want %d to %d", n, c.spacing, wall.sleeps, c.least, c.sleeps)
			}
		})
	}
}
