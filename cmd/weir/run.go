package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud/wire"
	"github.com/weirstream/weir/platform/observe"
	"github.com/weirstream/weir/platform/scenario"
)

// sabotage is how tests break a run on purpose; the command line has none.
type sabotage struct {
	hooks []wire.Hook
	entry func(*scenario.Entry) // changes the scenario before the run
	world func(*scenario.World) // changes the world before the run, when the cloud serves
}

// runGCPercent trades processor time, which a run has left, for memory, which
// it promises to be sparing with: measured at 2,000 signups a second, 50 instead
// of Go's 100 saves a fifth of the peak and costs nothing that latency shows.
const runGCPercent = 50

// runScenarios is `weir run` after flag parsing.
func runScenarios(cmd *cobra.Command, g *globals, f *runFlags, args []string, s sabotage) error {
	entries, epoch, err := f.check(g, args)
	if err != nil {
		return err
	}
	if err := missing(examine(cmd.Context(), necessities())); err != nil {
		return err
	}
	addresses, err := newAddresses(f.listen)
	if err != nil {
		return err
	}
	defer addresses.close()
	screen := newScreen(f.screenOut(cmd), len(entries))
	if os.Getenv("GOGC") == "" && f.quotas != "off" {
		debug.SetGCPercent(runGCPercent)
	}
	memory := observe.NewMemorySampler()
	sampling, stopSampling := context.WithCancel(context.Background())
	var sampler sync.WaitGroup
	sampler.Go(func() { _ = memory.Run(sampling) })
	sampler.Go(func() { holdMemory(sampling, runMemoryGoal) })
	defer func() { stopSampling(); sampler.Wait() }()

	sim := clock.Simulated{Epoch: epoch, Origin: time.Now(), Speed: f.slowest(entries)}
	w, stop, err := f.start(cmd.Context(), g, s, sim, f.logger(cmd, g, screen), addresses)
	if err != nil {
		return err
	}
	if s.world != nil {
		s.world(&w)
	}
	for i := range entries {
		if s.entry != nil {
			s.entry(&entries[i])
		}
	}
	return errors.Join(f.runOn(cmd, g, w, entries, epoch, memory, addresses, screen), stop())
}

// start makes the target ready; stop ends what was started for it.
func (f *runFlags) start(
	ctx context.Context, g *globals, s sabotage, sim clock.Simulated, log *slog.Logger, addresses *addresses,
) (w scenario.World, stop func() error, err error) {
	if f.target == targetContainers {
		sim.Origin = time.Time{} // nothing there keeps simulated time
		w, err = containers{targetFlags: f.targetFlags, region: g.region, trust: g.trust, sim: sim, log: log, addresses: addresses}.world(ctx)
		return w, func() error { return nil }, err
	}
	e, err := startEmbedded(embeddedConfig{
		region: g.region, quotasOff: f.quotas == "off", hooks: s.hooks, log: log, addresses: addresses, sim: sim,
	})
	if err != nil {
		return scenario.World{}, nil, err
	}
	return e.world, func() error {
		if err := e.stop(); err != nil {
			return fmt.Errorf("embedded cloud: %w", err)
		}
		return nil
	}, nil
}

// screenOut is where people look; with --json - standard output is for the
// machine.
func (f *runFlags) screenOut(cmd *cobra.Command) io.Writer {
	if f.json == "-" {
		return cmd.ErrOrStderr()
	}
	return cmd.OutOrStdout()
}

// logger writes above the block where both are on a terminal.
func (f *runFlags) logger(cmd *cobra.Command, g *globals, screen *screen) *slog.Logger {
	alike := alikeShown
	if len(f.schedule.Faults) > 0 {
		alike = chaosShown
	}
	if isTerminal(cmd.ErrOrStderr()) && screen.width != nil {
		return g.loggerTo(screen, alike)
	}
	return g.loggerTo(cmd.ErrOrStderr(), alike)
}

// speedOf is the flag's speed, else the default of the scenario at i.
func (f *runFlags) speedOf(i int, s scenario.Scenario) float64 {
	return cmp.Or(f.speed, s.Defaults(f.settings[i]).Speed, 1)
}

// slowest is the speed of what scenarios share: the cloud.
func (f *runFlags) slowest(entries []scenario.Entry) float64 {
	speed := math.Inf(1)
	for i, e := range entries {
		speed = min(speed, f.speedOf(i, e.Scenario))
	}
	return speed
}

// runOn runs the scenarios side by side, prints what they came to and returns
// an error that carries the exit code.
func (f *runFlags) runOn(
	cmd *cobra.Command, g *globals, w scenario.World, entries []scenario.Entry, epoch time.Time,
	memory *observe.MemorySampler, addresses *addresses, screen *screen,
) error {
	out := f.screenOut(cmd)
	interrupt := cmd.Context().Done()
	verdicts := make([]scenario.Verdict, len(entries))
	errs := make([]error, len(entries))
	var graded, running sync.WaitGroup
	graded.Add(len(entries))
	for i, e := range entries {
		running.Go(func() {
			var once sync.Once
			finish := func(v scenario.Verdict) {
				once.Do(func() { verdicts[i] = v; graded.Done() })
			}
			o := scenario.Options{
				RunID: newRunID(), Seed: f.seed, Epoch: epoch, Load: f.load(), Settings: f.settings[i], Chaos: f.schedule, SLO: f.limits,
				ProcessStart: g.started, Interrupt: interrupt, Progress: screen.update,
			}
			if f.hold {
				o.Hold = func(_ context.Context, v scenario.Verdict) {
					finish(v)
					<-interrupt
				}
			}
			w := w // each scenario has a clock of its own
			w.Sim.Speed = f.speedOf(i, e.Scenario)
			v, err := scenario.Run(context.WithoutCancel(cmd.Context()), e, w, o)
			errs[i] = err
			finish(v)
		})
	}
	graded.Wait()
	screen.close()
	begun := make([]scenario.Verdict, 0, len(verdicts))
	for i, v := range verdicts {
		if errs[i] == nil {
			begun = append(begun, v)
		}
	}
	err := notBegun(errs)
	if len(begun) > 0 {
		err = errors.Join(err, f.conclude(cmd, out, begun, memory))
	}
	if f.hold && len(begun) > 0 && cmd.Context().Err() == nil {
		fmt.Fprintln(out, "\nstill serving:")
		addresses.print(out)
		fmt.Fprintln(out, "Ctrl-C to leave")
	}
	running.Wait()
	return err
}

// notBegun is why runs could not begin; it goes before a verdict's exit code.
func notBegun(errs []error) error {
	err := errors.Join(errs...)
	if errors.Is(err, scenario.ErrNothingSent) {
		return &exitError{code: exitInterrupted, err: err}
	}
	if err != nil {
		return &exitError{code: exitUsage, err: err}
	}
	return nil
}

// conclude fills in what only the command line knows, prints the verdicts and
// writes the JSON report.
func (f *runFlags) conclude(cmd *cobra.Command, out io.Writer, verdicts []scenario.Verdict, memory *observe.MemorySampler) error {
	peak, method := memory.Peak()
	var failed []string
	var unsaid error
	for i := range verdicts {
		v := &verdicts[i]
		v.Target = f.target
		v.Environment = environment()
		v.PeakRSSBytes, v.PeakRSSMethod = peak, method
		if !v.Pass {
			failed = append(failed, v.Scenario)
		}
		unsaid = errors.Join(unsaid, printVerdict(out, *v))
	}
	unsaid = errors.Join(unsaid, writeJSON(cmd.OutOrStdout(), f.json, verdicts))
	if len(failed) > 0 {
		return errors.Join(failedVerdict("verdict: FAIL (%s)", strings.Join(failed, ", ")), unsaid)
	}
	return unsaid
}

// newRunID marks the events of one run; it is unique, not reproducible.
func newRunID() string { return "r-" + uuid.NewString()[:13] }
