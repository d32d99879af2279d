package chaos

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Planned is one fault of a run: what a schedule's fault came to for one target.
type Planned struct {
	Fault
	At   time.Duration // wall time after the first send
	For  time.Duration // wall time; 0 is an instant
	On   Target
	Seed uint64 // of what the fault itself draws
}

// Load is what a plan is fitted to.
type Load struct {
	Seed uint64
	// For is how long the run sends, in simulated time; at, percentages and
	// spread are of it. ToWall turns simulated into wall time.
	For    time.Duration
	ToWall func(time.Duration) time.Duration
}

// Plan fits a schedule to a run: it finds its targets, draws its offsets and
// orders it by time. It says every problem at once, with the schedule's lines.
// The same arguments give the same plan.
func (s Schedule) Plan(load Load, targets []Target) ([]Planned, error) {
	targets = append(slices.Clone(targets), Target{Name: ClockTarget, Kind: Clock})
	var p problems
	var plan []Planned
	for i, f := range s.Faults {
		rng := rand.New(rand.NewPCG(load.Seed, uint64(i)))
		at := f.At.Of(load.For)
		if spread := f.Spread.Of(load.For); spread > 0 {
			at += time.Duration(rng.Int64N(int64(spread)))
		}
		if at >= load.For {
			p.add(f.Line, "at %v lies beyond the run, which sends for %v", f.At, load.For)
			continue
		}
		span := f.For.Duration
		if span == 0 {
			span = load.ToWall(f.For.Of(load.For))
		}
		if last := time.Duration(f.Times-1) * f.Every; f.Kind == Kill && last > 0 {
			span = max(span, last)
		}
		found := p.find(f, targets)
		if 0 < f.Pick && f.Pick < len(found) {
			rng.Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
			found = found[:f.Pick]
		}
		for _, target := range found {
			planned := Planned{
				Fault: f, On: target, Seed: rng.Uint64(),
				At: load.ToWall(at).Round(time.Millisecond), For: span,
			}
			p.fit(&planned)
			plan = append(plan, planned)
		}
	}
	slices.SortStableFunc(plan, func(a, b Planned) int { return int(a.At - b.At) })
	p.pair(plan)
	if err := p.err(); err != nil {
		return nil, err
	}
	if len(plan) == 0 && len(s.Faults) > 0 {
		return nil, s.nothing(targets)
	}
	return plan, nil
}

// ErrNothing is returned for a schedule whose faults all pass a scenario by: a
// run under it would only seem to be disturbed.
var ErrNothing = errors.New("none of its faults hits anything here")

func (s Schedule) nothing(targets []Target) error {
	var wanted, there []string
	add := func(list *[]string, word string) {
		if !slices.Contains(*list, word) {
			*list = append(*list, word)
		}
	}
	for _, f := range s.Faults {
		add(&wanted, f.Target)
	}
	for _, t := range targets {
		if t.Kind != Clock {
			add(&there, t.Kind.all())
		}
	}
	return fmt.Errorf("%w: they are for %s, and there are %s; choose another preset, or write a schedule for these",
		ErrNothing, strings.Join(wanted, ", "), orNone(there))
}

// Missing are the words for all of a kind that the schedule has faults for and
// that no target is of: those faults hit nothing.
func (s Schedule) Missing(targets []Target) (words []string) {
	for _, f := range s.Faults {
		kind, ok := group(f.Target)
		r, _ := rulesOf(f.Kind)
		there := slices.ContainsFunc(targets, func(t Target) bool { return t.Kind == kind && r.hits(t) })
		if ok && !there && !slices.Contains(words, f.Target) {
			words = append(words, f.Target)
		}
	}
	return words
}

// find are the targets a fault means.
func (p *problems) find(f Fault, targets []Target) (found []Target) {
	r, _ := rulesOf(f.Kind)
	fits := r.hits
	if kind, ok := group(f.Target); ok {
		for _, t := range targets {
			if t.Kind == kind && fits(t) {
				found = append(found, t)
			}
		}
		return found // a scenario without functions is not hit by what hits functions
	}
	var names []string
	for _, t := range targets {
		if !fits(t) {
			continue
		}
		names = append(names, t.Name)
		if t.Name == f.Target {
			found = append(found, t)
		}
	}
	if len(found) == 0 {
		p.add(f.Line, "%s has no target %q here; there are %s", f.Kind, f.Target, orNone(names))
	}
	return found
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

// fit fills in what depends on the target.
func (p *problems) fit(f *Planned) {
	r, _ := rulesOf(f.Kind)
	if why := f.whole(f.On.Kind); why != "" {
		p.add(f.Line, "%s", why)
	}
	if f.On.Kind != Stream || !slices.Contains(r.takes, "operation") {
		return
	}
	if len(f.On.Operations) == 0 {
		p.add(f.Line, "%s: no call on stream %s can be disturbed", f.Kind, f.On.Name)
		return
	}
	if f.Operation == "" {
		f.Operation = f.On.Operations[0]
	}
	if !slices.Contains(f.On.Operations, f.Operation) {
		p.add(f.Line, "operation %q on %s is not the scenario's; it makes %s", f.Operation, f.On.Name, strings.Join(f.On.Operations, ", "))
	}
}

// pair ends each stop that has no end of its own where the next start of the
// same service is.
func (p *problems) pair(plan []Planned) {
	for i := range plan {
		f := &plan[i]
		if f.Kind != Stop || f.For > 0 {
			continue
		}
		next := slices.IndexFunc(plan[i+1:], func(g Planned) bool { return g.Kind == Start && g.On.Name == f.On.Name })
		if next < 0 {
			p.add(f.Line, "stop of %s never ends: give it a for, or a start later on", f.On.Name)
			continue
		}
		f.For = plan[i+1+next].At - f.At
	}
}

// Needs tells whether a plan has a fault of these kinds of a kind of target.
func Needs(plan []Planned, on TargetKind, kinds ...Kind) bool {
	return slices.ContainsFunc(plan, func(f Planned) bool { return f.On.Kind == on && slices.Contains(kinds, f.Kind) })
}

// Disrupted are the services a plan kills or stops, each once: they must run
// where that can be done to them.
func Disrupted(plan []Planned) (services []string) {
	for _, f := range plan {
		if f.On.Kind == Service && !slices.Contains(services, f.On.Name) {
			services = append(services, f.On.Name)
		}
	}
	return services
}

// String names a fault for people.
func (f Planned) String() string {
	return fmt.Sprintf("%s %s at %v", f.Kind, f.On.Name, f.At)
}
