package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/platform/chaos"
	"github.com/weirstream/weir/platform/scenario"
)

const runLong = `Run scenarios from simulated devices to graded outcomes: provision, serve,
simulate, drain, grade, in one process. The cloud and Kafka are embedded in it or,
with --target containers, real engines where compose/ or the flags say.

While it runs the screen shows what was sent, what was delivered and what is in
flight. At the end every hop is reconciled with what was sent, business results
are compared with an oracle, and the exit code is the verdict: 0 pass, 1 fail,
2 the run could not begin. Ctrl-C cuts the plan short: what a scenario needs to
come to an end is still sent (cab: readings for some simulated minutes), then what
was sent is drained and graded. Before anything was sent there is nothing to grade,
and the exit code is 130. A second Ctrl-C leaves at once, with 130 too.`

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
		problems = append(problems, f.checkPlan(e, epoch, d.Load))
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
