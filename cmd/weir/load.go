package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios"
)

// loadFlags say what is sent: `weir run` and `weir simulate` share them.
type loadFlags struct {
	forTime time.Duration
	rate    float64
	devices int
	seed    uint64
	epoch   string
	speed   float64
	set     map[string]string

	flags *pflag.FlagSet // of the command; tells what was given
}

func (f *loadFlags) add(cmd *cobra.Command) {
	f.addSize(cmd)
	cmd.Flags().Uint64Var(&f.seed, "seed", 1, "seed of everything random; the same seed and epoch give the same plan")
	f.addEpoch(cmd)
	cmd.Flags().Float64Var(&f.speed, "speed", 0, "simulated seconds per wall second (default: the scenario's)")
	f.addSettings(cmd)
}

func (f *loadFlags) addSize(cmd *cobra.Command) {
	flags := cmd.Flags()
	f.flags = flags
	flags.DurationVar(&f.forTime, "for", 0, "how long to send, in simulated time (default: the scenario's, e.g. 20s)")
	flags.Float64Var(&f.rate, "rate", 0, "events per simulated second (default: the scenario's)")
	flags.IntVar(&f.devices, "devices", 0, "size of the simulated population (default: the scenario's)")
}

func (f *loadFlags) addEpoch(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.epoch, "epoch", "", "simulated time of the first event, RFC 3339 (default: now)")
}

func (f *loadFlags) addSettings(cmd *cobra.Command) {
	cmd.Flags().StringToStringVar(&f.set, "set", nil, "a setting, as `[SCENARIO.]name=value`; weir list shows them")
}

// check reports every wrong flag at once.
func (f *loadFlags) check() (epoch time.Time, err error) {
	var problems []error
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if !f.within("for", float64(f.forTime), float64(24*time.Hour)) {
		bad("--for %v: want above 0, at most 24h; %s", f.forTime, leaveOut)
	}
	if !f.within("rate", f.rate, 1e6) {
		bad("--rate %g: want above 0, at most 1e6 events per second; %s", f.rate, leaveOut)
	}
	if !f.within("devices", float64(f.devices), 1<<20) {
		bad("--devices %d: want 1 to %d; %s", f.devices, 1<<20, leaveOut)
	}
	if !f.within("speed", f.speed, 10_000) {
		bad("--speed %g: want above 0, at most 10000; %s", f.speed, leaveOut)
	}
	epoch = time.Now().UTC().Truncate(time.Millisecond)
	if f.epoch != "" {
		epoch, err = time.Parse(time.RFC3339Nano, f.epoch)
		if err != nil {
			bad("--epoch %q: want RFC 3339, e.g. 2026-01-01T08:00:00Z", f.epoch)
		}
		if year := epoch.UTC().Year(); err == nil && (year < 1970 || year > 9997) {
			bad("--epoch %q: want a year from 1970 to 9997, which is what events can carry", f.epoch)
		}
		if epoch.Nanosecond()%int(time.Millisecond) != 0 {
			bad("--epoch %q: want whole milliseconds, which is what events carry", f.epoch)
		}
	}
	return epoch.UTC(), errors.Join(problems...)
}

// leaveOut is how to have the default of a flag whose zero is none.
const leaveOut = "leave it out for the scenario's own"

// within tells whether a flag's value is above 0 and at most most, or was not given.
func (f *loadFlags) within(flag string, value, most float64) bool {
	given := f.flags != nil && f.flags.Changed(flag)
	return value > 0 && value <= most || value == 0 && !given
}

// checkPlan refuses a load of nothing, whose verdict would say nothing, and
// instants that the scenario's events cannot carry.
func (f *loadFlags) checkPlan(e scenario.Entry, epoch time.Time, defaults scenario.Load) error {
	rate, forTime := cmp.Or(f.rate, defaults.Rate), cmp.Or(f.forTime, defaults.For)
	if events := rate * forTime.Seconds(); events >= 0 && events < 1 {
		return fmt.Errorf("--rate %g for %v is less than one event; raise either", rate, forTime)
	}
	bounded, ok := e.Scenario.(scenario.Bounded)
	if !ok {
		return nil
	}
	end := epoch.Add(forTime)
	if c, ok := e.Simulator.(scenario.Closer); ok {
		end = end.Add(c.Closing())
	}
	if from, to := bounded.Instants(); epoch.Before(from) || end.After(to) {
		return fmt.Errorf("--epoch %s: what %s sends would come from then until %s, and can come from %s until %s; choose another",
			epoch.Format(time.RFC3339), e.Scenario.Name(), end.Format(time.RFC3339), from.Format(time.RFC3339), to.Format(time.RFC3339))
	}
	return nil
}

// epochAt is when the plan begins at an endpoint that keeps simulated time: now,
// unless --epoch asks for another instant. That is refused where events carry
// instants of the plan, which services compare with the endpoint's time.
func (f *loadFlags) epochAt(s scenario.Scenario, asked time.Time, sim clock.Simulated) (time.Time, error) {
	const skewMax = 10 * time.Second
	now := sim.Now().UTC().Truncate(time.Millisecond)
	if f.epoch == "" {
		return now, nil
	}
	if _, dated := s.(scenario.Bounded); dated && asked.Sub(now).Abs() > skewMax {
		return time.Time{}, fmt.Errorf("--epoch %s: the endpoint's simulated clock stands at %s, and %s judges by it what comes too early or late; leave --epoch out",
			f.epoch, now.Format(time.RFC3339), s.Name())
	}
	return asked, nil
}

func (f *loadFlags) load() scenario.Load {
	return scenario.Load{Rate: f.rate, Devices: f.devices, For: f.forTime}
}

// pick finds the named scenarios in the catalog, every problem in one error.
func pick(names []string) ([]scenario.Entry, error) {
	var problems []error
	var entries []scenario.Entry
	seen := map[string]bool{}
	for _, name := range names {
		if seen[name] {
			continue
		}
		seen[name] = true
		found, ok := scenarios.Find(name)
		switch {
		case !ok:
			problems = append(problems, fmt.Errorf("no scenario %q; there are %s", name, strings.Join(scenarioNames(false), ", ")))
		case found.New == nil:
			problems = append(problems, fmt.Errorf("scenario %q is planned, not built; built: %s", name, strings.Join(scenarioNames(true), ", ")))
		default:
			e, err := found.New()
			if err != nil {
				problems = append(problems, fmt.Errorf("scenario %s: %w", name, err))
				continue
			}
			entries = append(entries, e)
		}
	}
	return entries, errors.Join(problems...)
}

func scenarioNames(built bool) []string {
	var names []string
	for _, e := range scenarios.Catalog() {
		if !built || e.New != nil {
			names = append(names, e.Name)
		}
	}
	return names
}
