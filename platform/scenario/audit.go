package scenario

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/weirstream/weir/platform/ledger"
)

// Store is a durable place that events pass, which the run reads for itself: a
// Stream or Topics. The pipeline knows nothing of it.
type Store interface {
	fmt.Stringer
	// audit makes the reader that marks what a hop's store holds.
	audit(env Env, mark marker, since time.Time) storeAudit
}

// storeAudit reads one store from the run's start to its tail. It is
// deliberately not built on the consumer that scenarios use: a mistake there
// must not hide from the audit.
type storeAudit interface {
	// Run reads until ctx ends; it returns early only with an error, when the
	// store cannot be read.
	Run(ctx context.Context) error
	// caughtUp tells whether all of the store was read to its tip by reads that
	// began after t.
	caughtUp(t time.Time) bool
}

// marker notes in the ledger that an event arrived where a hop ends.
type marker struct {
	hop    Hop
	last   bool // nothing comes after the hop
	runID  string
	ledger *ledger.Ledger
}

func (m marker) mark(data []byte) {
	idText, runID, err := m.hop.Identify(data)
	if err != nil || runID != m.runID {
		return // another run's, or rubbish somebody put there
	}
	id, err := ledger.ParseID(idText)
	if err != nil {
		return
	}
	m.ledger.Arrived(m.hop.To, id)
	if m.last {
		m.ledger.Reached()
	}
}

// auditor reads every hop that ends in a store.
type auditor struct{ hops []auditedHop }

type auditedHop struct {
	store  Store
	reader storeAudit
}

func newAuditor(env Env, hops []Hop, since time.Time, l *ledger.Ledger) *auditor {
	a := &auditor{}
	for i, hop := range hops {
		if hop.Store != nil {
			mark := marker{hop: hop, last: i == len(hops)-1, runID: env.RunID, ledger: l}
			a.hops = append(a.hops, auditedHop{hop.Store, hop.Store.audit(env, mark, since)})
		}
	}
	return a
}

// Run reads until ctx ends; it returns early only with an error.
func (a *auditor) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { <-ctx.Done(); return nil })
	for _, hop := range a.hops {
		group.Go(func() error {
			if err := hop.reader.Run(ctx); err != nil && ctx.Err() == nil {
				return fmt.Errorf("audit of %s: %w", hop.store, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// caughtUp tells whether every store was read to its tip by reads that began
// after t, and if not, which is behind.
func (a *auditor) caughtUp(t time.Time) (behind string, ok bool) {
	for _, hop := range a.hops {
		if !hop.reader.caughtUp(t) {
			return hop.store.String(), false
		}
	}
	return "", true
}
