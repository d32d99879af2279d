// Package oracle grades the cab scenario. From the plan alone, with code of its
// own, it computes what every topic and index must hold, and compares: a
// mistake in the pipeline cannot hide in a shared function.
//
// It takes the accepted readings of a cab in the order of their sequences,
// whatever order they came in. A reading that is missing for good, because it
// was refused or late, is passed over: the next one follows the last one
// before. Streaks of three count the same way.
package oracle

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
)

// Oracle grades runs of the cab scenario. It is safe for concurrent use.
type Oracle struct {
	observe func(ctx context.Context, env scenario.Env) (Observed, error)
}

var _ scenario.Grader = (*Oracle)(nil)

var errBlind = errors.New("an oracle that observes nothing cannot grade")

// New returns an oracle that grades what observe finds. It is called once for
// each run, after the drain.
func New(observe func(ctx context.Context, env scenario.Env) (Observed, error)) (*Oracle, error) {
	if observe == nil {
		return nil, errBlind
	}
	return &Oracle{observe: observe}, nil
}

// Grade walks the plan once and each observation once. It keeps 12 bytes per
// reading, some hundreds per window and cab, and the first examples of what is wrong.
func (o *Oracle) Grade(ctx context.Context, env scenario.Env, plan iter.Seq[scenario.Planned], l *ledger.Ledger) ([]scenario.Outcome, error) {
	t := newTruth(l)
	planned := 0
	for p := range plan {
		if planned++; planned%1024 == 0 && ctx.Err() != nil {
			return nil, fmt.Errorf("grade: %w", ctx.Err())
		}
		if err := t.plan(p); err != nil {
			return nil, fmt.Errorf("grade %s: %w", p.ID, err)
		}
	}
	t.conclude()
	seen, err := o.observe(ctx, env)
	if err != nil {
		return nil, fmt.Errorf("grade: observe: %w", err)
	}
	outcomes := append(t.intake.outcomes(), t.activity(ctx, seen)...)
	outcomes = append(outcomes,
		t.windowsOutcome("cab-metrics tells every window once", seen.Measured(ctx)),
		t.windowsOutcome("zone metrics equal the oracle's", seen.Windows(ctx)),
		t.incidentsOutcome(ctx, seen), t.alertsOutcome(ctx, seen), t.cabsOutcome(ctx, seen),
		t.lateOutcome(ctx, seen), deadLetters(ctx, seen), lagOutcome(ctx, seen))
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("grade: %w", err)
	}
	return outcomes, nil
}
