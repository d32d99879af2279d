package scenario

import (
	"context"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/ledger"
)

// obedient plans an event at each of its instants, and leaves when it is told.
type obedient []time.Duration

func (o obedient) Plan(uint64, time.Time, Load) iter.Seq[Planned] {
	return func(yield func(Planned) bool) {
		for i, at := range o {
			if !yield(Planned{ID: ledger.ID{Seq: uint32(i)}, At: at}) {
				return
			}
		}
	}
}

func (obedient) Simulate(ctx context.Context, _ Env, due iter.Seq[Planned], l *ledger.Ledger) error {
	for p := range due {
		if ctx.Err() != nil {
			break
		}
		l.Sent(p.ID)
	}
	return ctx.Err()
}

// A plan may go on for long after load.For, as long as its events come within
// DrainMax of each other.
func TestPlansMayGoOnAfterTheirLoad(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		plan obedient
		sent int
		says string
	}{
		"on and on":  {obedient{0, 9 * time.Second, 18 * time.Second, 27 * time.Second}, 4, ""},
		"with a gap": {obedient{0, 9 * time.Second, 20 * time.Second}, 2, "still waiting 10s after the last send"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := &run{
					Entry: Entry{Simulator: test.plan}, ledger: ledger.New(), defaults: Defaults{DrainMax: 10 * time.Second},
					env:  Env{Wall: clock.Wall{}, Sim: clock.Simulated{Speed: 1}, Start: clock.Wall{}.Now()},
					load: Load{For: time.Second},
				}
				err := r.simulate(t.Context(), nil)
				if n := r.ledger.SentCount(); n != test.sent || (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
					t.Errorf("%d sent of %v, %v", n, slices.Max(test.plan), err)
				}
			})
		})
	}
}
