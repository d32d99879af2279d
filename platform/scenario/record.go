package scenario

import (
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/ledger"
)

// recordVersion is the version of a ledger file; a newer one is refused.
const recordVersion = 1

const recordMagic = "weir ledger\n"

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
	r.started.Store(env.Start)
	r.enter(Sending)
	stopReporting := r.report(ctx)
	defer stopReporting()
	if err := r.simulate(ctx, nil); err != nil {
		r.fail("simulator ran", err)
	}
	return Record{
		Version: recordVersion, Scenario: e.Scenario.Name(), RunID: o.RunID,
		Seed: o.Seed, Epoch: o.Epoch, Load: r.load, Settings: settings,
		Start: env.Start, Sim: env.Sim, Paced: int(r.paced.Load()), Exhausted: r.exhausted.Load(), Interrupted: r.interrupted,
		Problems: r.outcomes, First: time.Duration(r.first.Load()), Ledger: r.ledger.Snapshot(),
	}, nil
}

// GradeOnly reads every hop to its tail and grades a recorded simulation.
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
	r.started.Store(env.Start)
	r.paced.Store(int64(rec.Paced))
	r.exhausted.Store(rec.Exhausted)
	r.interrupted = rec.Interrupted
	r.outcomes = rec.Problems
	r.first.Store(int64(rec.First))
	r.settle(ctx, r.startAudit(ctx), nil)
	r.grade(ctx)
	return r.verdict(), nil
}

// WriteFile writes the record atomically: a reader sees all of it or none.
func (rec Record) WriteFile(path string) error {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write ledger: %w", err)
	}
	defer os.Remove(file.Name()) //nolint:errcheck // gone after the rename
	_, err = io.WriteString(file, recordMagic)
	if err == nil {
		err = gob.NewEncoder(file).Encode(rec)
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("write ledger %s: %w", path, err)
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return fmt.Errorf("write ledger %s: %w", path, err)
	}
	return nil
}

// ReadRecord reads what WriteFile wrote and refuses anything else by name.
func ReadRecord(path string) (Record, error) {
	file, err := os.Open(path)
	if err != nil {
		return Record{}, fmt.Errorf("read ledger: %w", err)
	}
	defer file.Close() //nolint:errcheck // only read
	magic := make([]byte, len(recordMagic))
	if _, err := io.ReadFull(file, magic); err != nil || string(magic) != recordMagic {
		return Record{}, fmt.Errorf("read ledger %s: this is no ledger that `weir simulate --ledger` wrote", path)
	}
	var rec Record
	if err := gob.NewDecoder(file).Decode(&rec); err != nil {
		return Record{}, fmt.Errorf("read ledger %s: it is damaged; simulate again: %w", path, err)
	}
	if rec.Version != recordVersion {
		return Record{}, fmt.Errorf("read ledger %s: format version %d, this weir reads %d", path, rec.Version, recordVersion)
	}
	return rec, nil
}
