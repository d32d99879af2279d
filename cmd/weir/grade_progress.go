package main

import (
	"context"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
)

// gradeProgress shows what `weir grade` does while it waits. What was sent and
// acknowledged is the record's; how far the hops have been read nobody tells
// before the verdict.
type gradeProgress struct {
	scenario.Grader
	screen *screen
	limit  time.Duration // for the reading
	began  time.Time

	mu     sync.Mutex
	latest scenario.Progress
}

func newGradeProgress(s *screen, e scenario.Entry, rec scenario.Record, d scenario.Defaults) *gradeProgress {
	l := ledger.Restore(rec.Ledger)
	g := &gradeProgress{Grader: e.Grader, screen: s, limit: d.DrainMax, began: time.Now(), latest: scenario.Progress{
		Scenario: e.Scenario.Name(), Phase: scenario.Draining, Waiting: "every hop to be read to its tail",
		Sent: l.SentCount(), Acked: l.AcknowledgedCount(), Unseen: true,
	}}
	if names := slices.Sorted(maps.Keys(d.SLO)); len(names) > 0 {
		q := l.Quantiles()[names[0]]
		g.latest.Latency, g.latest.P50, g.latest.P99 = names[0], q.P50, q.P99
	}
	return g
}

// Grade implements scenario.Grader: reading ends where comparing begins.
func (g *gradeProgress) Grade(ctx context.Context, env scenario.Env, plan iter.Seq[scenario.Planned], l *ledger.Ledger) ([]scenario.Outcome, error) {
	g.mu.Lock()
	g.latest.Phase = scenario.Grading
	g.mu.Unlock()
	g.show()
	return g.Grader.Grade(ctx, env, plan, l)
}

func (g *gradeProgress) show() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.latest.Elapsed = time.Since(g.began)
	g.latest.DrainLeft = max(0, g.limit-g.latest.Elapsed)
	g.screen.update(g.latest)
}

// during shows it until the returned function is called.
func (g *gradeProgress) during(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	g.show()
	var showing sync.WaitGroup
	showing.Go(func() {
		const often = 200 * time.Millisecond
		for (clock.Wall{}).Sleep(ctx, often) == nil {
			g.show()
		}
	})
	return func() {
		cancel()
		showing.Wait()
		g.screen.close()
	}
}
