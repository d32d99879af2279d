package scenario

import (
	"context"
	"iter"

	"github.com/weirstream/weir/platform/ledger"
)

// pace yields each event of a plan at its due wall instant and ends when ctx
// does. It never waits for the consumer: a late consumer gets what is overdue
// at once, and its latencies count from the schedule.
func pace(ctx context.Context, env Env, plan iter.Seq[Planned]) iter.Seq[Planned] {
	return func(yield func(Planned) bool) {
		for p := range plan {
			if err := env.Wall.Sleep(ctx, env.Due(p).Sub(env.Wall.Now())); err != nil {
				return
			}
			if !yield(p) {
				return
			}
		}
	}
}

// sentOf cuts a plan to what was sent.
func sentOf(plan iter.Seq[Planned], l *ledger.Ledger) iter.Seq[Planned] {
	return func(yield func(Planned) bool) {
		for p := range plan {
			if l.WasSent(p.ID) && !yield(p) {
				return
			}
		}
	}
}
