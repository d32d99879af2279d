// Package oracle grades the location scenario. It rebuilds every answer from
// the planted truth and the offer book with code of its own, so that a mistake
// in the pipeline cannot hide in a shared function.
package oracle

import (
	"context"
	"fmt"
	"iter"

	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/location/event"
)

// Oracle grades runs of the location scenario. It is safe for concurrent use.
type Oracle struct {
	book *rulebook
}

var _ scenario.Grader = (*Oracle)(nil)

// New reads the offer book.
func New(offerBook []byte) (*Oracle, error) {
	book, err := readBook(offerBook)
	if err != nil {
		return nil, fmt.Errorf("oracle: offer book: %w", err)
	}
	return &Oracle{book: book}, nil
}

// Grade walks the plan once and keeps counts and the first examples only, so
// its memory does not grow with the run.
func (o *Oracle) Grade(ctx context.Context, _ scenario.Env, plan iter.Seq[scenario.Planned], l *ledger.Ledger) ([]scenario.Outcome, error) {
	t := tally{ledger: l}
	for p := range plan {
		if t.planned++; t.planned%1024 == 0 && ctx.Err() != nil {
			return nil, fmt.Errorf("grade: %w", ctx.Err())
		}
		switch signup, wellFormed := p.Event.(event.Signup); {
		case p.Labels[event.ExpectLabel] == event.ExpectReject:
			t.malformed(p)
		case wellFormed:
			t.signup(p, signup, o.book)
		default:
			return nil, fmt.Errorf("grade %s: the plan has a %T without the label %s=%s", p.ID, p.Event, event.ExpectLabel, event.ExpectReject)
		}
	}
	return t.outcomes(), nil
}
