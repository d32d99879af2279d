package scenario

import (
	"context"
	"fmt"
	"time"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/ledger"
)

// Record is one simulation on its way from `weir simulate` to `weir grade`:
// what was planned, and the ledger of what became of it.
type Record struct {
	Version     int
	Scenario    string
	RunID       string
	Seed        uint64
	Epoch       time.Time
	Load        Load
	Settings    map[string]string
	Start       time.Time
	Sim         clock.Simulated
	Paced       int
	Exhausted   bool
	Interrupted bool
	Problems    []Outcome // what failed while simulating
	First       time.Duration
	Ledger      ledger.Snapshot
}

// SimulateOnly runs the simulator alone against services that run elsewhere,
// and records what happened for a later GradeOnly.
func SimulateOnly(ctx context.Context, e Entry, w World, o Options) (Record, error) {
	settings, err := CompleteSettings(e.Scenario.Settings(), o.Settings)
	if err != nil {
		return Record{}, err
	}
	env, err := NewEnv(ctx, w, e.Scenario, o.RunID, settings)
	if err != nil {
		return Record{}, err
	}
	env.Start = env.Wall.Now()
	r := newRun(e, env, o)
	r.meter.unseen = audited(e.Scenario.Hops())
	r.started.Store(env.Start)
	r.enter(Sending)
	stopReporting := r.report(ctx)
	defer stopReporting()
	if err := r.simulate(ctx, nil); err != nil {
		r.fail("simulator ran", err)
	}
	if r.interrupted && r.ledger.SentCount() == 0 {
		return Record{}, ErrNothingSent
	}
	return Record{
		Version: recordVersion, Scenario: e.Scenario.Name(), RunID: o.RunID,
		Seed: o.Seed, Epoch: o.Epoch, Load: r.cutLoad(), Settings: settings,
		Start: env.Start, Sim: env.Sim, Paced: int(r.paced.Load()), Exhausted: r.exhausted.Load(), Interrupted: r.interrupted,
		Problems: r.outcomes, First: time.Duration(r.first.Load()), Ledger: r.ledger.Snapshot(),
	}, nil
}

// audited tells whether only an audit sees what the last hop delivers.
func audited(hops []Hop) bool { return len(hops) > 0 && hops[len(hops)-1].Store != nil }

// GradeOnly reads every hop to its tail and grades a recorded simulation. Of the
// options only Progress and ProgressEvery count; the others are the record's.
func GradeOnly(ctx context.Context, e Entry, w World, rec Record, o Options) (Verdict, error) {
	if rec.Scenario != e.Scenario.Name() {
		return Verdict{}, fmt.Errorf("the ledger is of scenario %q, not %q", rec.Scenario, e.Scenario.Name())
	}
	env, err := NewEnv(ctx, w, e.Scenario, rec.RunID, rec.Settings)
	if err != nil {
		return Verdict{}, err
	}
	env.Start, env.Sim = rec.Start, rec.Sim
	o.RunID, o.Seed, o.Epoch, o.Load = rec.RunID, rec.Seed, rec.Epoch, rec.Load
	r := newRun(e, env, o)
	r.ledger = ledger.Restore(rec.Ledger)
	r.started.Store(env.Wall.Now()) // of what Progress shows
	r.paced.Store(int64(rec.Paced))
	r.exhausted.Store(rec.Exhausted)
	r.interrupted = rec.Interrupted
	r.outcomes = rec.Problems
	r.first.Store(int64(rec.First))
	stopReporting := r.report(ctx)
	defer stopReporting()
	r.settle(ctx, r.startAudit(ctx), nil)
	r.grade(ctx)
	return r.verdict(), nil
}
