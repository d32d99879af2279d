package scenario

import (
	"context"
	"iter"
	"time"

	"github.com/weirstream/weir/platform/ledger"
)

// paceStep is the shortest sleep: where events are due closer together, a timer
// for each would cost more than the event.
const paceStep = time.Millisecond

// pace yields each event of a plan at its due wall instant, or up to paceStep
// later, and ends when ctx does. It never waits for the consumer: a late
// consumer gets what is overdue at once, and its latencies count from the
// schedule.
func pace(ctx context.Context, env Env, plan iter.Seq[Planned]) iter.Seq[Planned] {
	return func(yield func(Planned) bool) {
		for p := range plan {
			wait := env.Due(p).Sub(env.Wall.Now())
			if wait > 0 {
				wait = max(wait, paceStep)
			}
			if env.Wall.Sleep(ctx, wait) != nil || !yield(p) {
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
