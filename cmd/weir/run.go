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

	"github.com/weirstream/weir/platform/chaos"
	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud/wire"
	"github.com/weirstream/weir/platform/observe"
	"github.com/weirstream/weir/platform/scenario"
)

const runLong = `Run scenarios from simulated devices to graded outcomes: provision, serve,
simulate, drain, grade, in one process. The cloud and Kafka are embedded in it or,
with --target containers, real engines where compose/ or the flags say.

While it runs the screen shows what was sent, what was delivered and what is in
flight. At the end every hop is reconciled with what was sent, business results
are compared with an oracle, and the exit code is the verdict: 0 pass, 1 fail,
2 the run could not begin. Ctrl-C stops sending, drains, and grades what was
sent; before anything was sent there is nothing to grade, and the exit code is
130. A second Ctrl-C leaves at once, with 130 too.`

const runExample = `  # The location scenario at its default load
  weir run location

  # 2,000 signups a second for 30 seconds, without AWS's quotas
  weir run location --rate 2000 --for 30s --quotas off

  # The same plan again, graded for a machine
  weir run location --seed 7 --epoch 2026-01-01T08:00:00Z --json verdict.json

  # Kill the function and the app in mid-run; what that costs is in the verdict
  weir run location --chaos kills

  # On Apache Kafka and OpenSearch in containers, once they run
  weir run cab --target containers

  # On a slow machine: another limit for a latency
  weir run location --slo signup→offer=1s

  # Keep serving after the verdict and look at the page
  weir run location --listen 127.0.0.1:8080 --hold`

// runFlags are `weir run`'s.
type runFlags struct {
	loadFlags
	targetFlags
	all    bool
	json   string
	listen string
	quotas string
	hold   bool
	chaos  string
	slo    map[string]string

	limits   map[string]time.Duration // what --slo says
	schedule chaos.Schedule           // what --chaos names
	settings []map[string]string      // complete, of each scenario
}

func newRunCommand(g *globals, s sabotage) *cobra.Command {
	f := &runFlags{}
	cmd := &cobra.Command{
		Use:     "run [SCENARIO...]",
		Short:   "Run scenarios end to end and grade them",
		Long:    runLong,
		Example: runExample,
		RunE: func(cmd *cobra.Command, args []string) error {
			return runScenarios(cmd, g, f, args, s)
		},
		ValidArgs: scenarioNames(true),
	}
	f.loadFlags.add(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&f.all, "all", false, "run every scenario that is built, side by side")
	f.targetFlags.add(flags)
	flags.StringVar(&f.json, "json", "", "write the verdicts as JSON to FILE, or to standard output with -")
	flags.StringVar(&f.listen, "listen", "127.0.0.1:0", "where the scenario's page and API listen")
	flags.StringVar(&f.quotas, "quotas", "aws", "aws: enforce AWS's limits; off: measure the software itself")
	flags.StringVar(&f.chaos, "chaos", "", "break the run: a preset ("+strings.Join(chaos.PresetNames(), ", ")+") or a schedule's FILE")
	flags.StringToStringVar(&f.slo, "slo", nil, "another limit for the p99 of a latency that is judged, as name=duration")
	flags.BoolVar(&f.hold, "hold", false, "keep serving after the verdict until Ctrl-C")
	g.addRegion(cmd)
	return cmd
}

// check reports every wrong flag at once and picks the scenarios.
func (f *runFlags) check(g *globals, args []string) ([]scenario.Entry, time.Time, error) {
	epoch, err := f.loadFlags.check()
	problems := []error{err, f.targetFlags.check(), checkListen(f.listen), checkOutput("--json", f.json), g.checkRegion()}
	bad := func(format string, a ...any) { problems = append(problems, fmt.Errorf(format, a...)) }
	if f.target == targetContainers {
		g.endpoint = f.endpoint
		problems = append(problems, g.checkEndpoint())
		if f.quotas == "off" {
			bad("--quotas off: the containers' cloud decides on that: `weir cloud --quotas off`")
		}
	}
	if f.quotas != "aws" && f.quotas != "off" {
		bad("--quotas %q: want aws or off", f.quotas)
	}
	if f.all && len(args) > 0 {
		bad("--all and scenario names (%s) exclude each other", strings.Join(args, ", "))
	}
	names := args
	if f.all {
		names = scenarioNames(true)
	} else if len(names) == 0 {
		names = []string{"location"}
	}
	entries, err := pick(names)
	problems = append(problems, err)
	f.schedule, err = readChaos(f.chaos)
	problems = append(problems, err)
	f.settings, err = settingsOf(f.set, entries)
	problems = append(problems, err)
	var defaults []scenario.Defaults
	for i, e := range entries {
		if f.settings[i] == nil {
			continue
		}
		d := e.Scenario.Defaults(f.settings[i])
		defaults = append(defaults, d)
		problems = append(problems, f.checkLoad(d.Load))
		plan, err := f.schedule.Plan(chaos.Load{
			Seed: f.seed, For: cmp.Or(f.forTime, d.Load.For), ToWall: func(d time.Duration) time.Duration { return d },
		}, d.Targets)
		if err != nil {
			bad("--chaos %s for %s:\n%w", f.chaos, e.Scenario.Name(), err)
		}
		if f.target == targetContainers {
			problems = append(problems, checkReach(plan, e.Scenario), checkSpeed(f.speedOf(i, e.Scenario), e.Scenario, d))
		}
	}
	f.limits, err = slosOf(f.slo, defaults)
	problems = append(problems, err)
	if err := errors.Join(problems...); err != nil {
		return nil, time.Time{}, &usageError{err: err}
	}
	return entries, epoch, nil
}

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
