package scenario

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/weirstream/weir/platform/ledger"
)

// judgedMin is how many events outside all faults a p99 needs: of fewer, it says
// more about the slowest few than about the system.
const judgedMin = 500

const inFaults = " in faults"

// owed says what a disturbed run still waits for besides its events.
func (f *faults) owed(ctx context.Context) string {
	if f == nil {
		return ""
	}
	if owed := f.recovery.groups.owed(); owed != "" {
		return owed
	}
	return f.deposits.owed(ctx)
}

// conclude settles what faults have cost once nothing more will arrive.
func (f *faults) conclude() {
	if f == nil {
		return
	}
	f.recovery.conclude(f.env.Wall.Now())
	if f.stopWatch != nil {
		f.stopWatch()
		f.watching.Wait()
	}
}

// grade adds a disturbed run's own promises: its objectives hold outside the
// faults' shadows, every fault was recovered from in time, and the on-failure
// queues hold the poison and nothing else.
func (f *faults) grade(ctx context.Context, r *run) {
	r.outcomes = append(r.outcomes, f.objectives(r)...)
	r.outcomes = append(r.outcomes, f.recovered())
	r.outcomes = append(r.outcomes, f.deposits.outcomes(ctx)...)
	f.price(r)
}

// objectives judges the p99 of what no fault was in the way of.
func (f *faults) objectives(r *run) (outcomes []Outcome) {
	for _, name := range sortedKeys(r.defaults.SLO) {
		parts := r.ledger.Split(name, f.recovery.inShadow)
		if parts.OutCount+parts.InCount == 0 && r.interrupted {
			r.skipped = append(r.skipped, unsampled(name))
			continue
		}
		if parts.OutCount < judgedMin && parts.InCount > 0 {
			r.skipped = append(r.skipped, Skip{
				What:   "p99 " + name,
				Reason: fmt.Sprintf("only %d events were due outside faults and the recovery from them", parts.OutCount),
			})
			continue
		}
		measured := map[string]ledger.Quantiles{}
		if parts.OutCount > 0 {
			measured[name] = parts.Out
		}
		outcomes = append(outcomes, objectives(map[string]time.Duration{name: r.defaults.SLO[name]}, measured)...)
	}
	return outcomes
}

// recovered judges the slowest recovery.
func (f *faults) recovered() Outcome {
	o := Outcome{
		Name: "recovered from every fault", Want: fmt.Sprintf("within %v", f.limit),
		Got: "nothing was injected", Pass: true,
	}
	var slowest time.Duration
	for i, state := range f.recovery.faults {
		if state.began.IsZero() {
			continue
		}
		took := state.recovered.Sub(state.ended)
		switch {
		case state.gaveUp:
			o.Got, o.Pass = fmt.Sprintf("not from %v: events are overdue", f.plan[i]), false
			return o
		case took >= slowest:
			slowest = took
			o.Got = fmt.Sprintf("after %v at most (%v)", took.Round(time.Millisecond), f.plan[i])
		}
	}
	o.Pass = slowest <= f.limit
	return o
}

// price counts the events that each fault lost. Nothing is walked unless
// something was lost.
func (f *faults) price(r *run) {
	lost := func(id ledger.ID) bool { return r.ledger.WasAcknowledged(id) && !r.ledger.Has(f.recovery.last, id) }
	if r.ledger.Reconcile(ledger.Device, f.recovery.last).Lost == 0 {
		return
	}
	for p := range sentOf(r.plan(), r.ledger) {
		if !lost(p.ID) {
			continue
		}
		for i := range f.recovery.faults {
			if state := &f.recovery.faults[i]; state.covers(r.env.Due(p), f.recovery.objective) {
				state.lost++
			}
		}
	}
}

// verdict is what every fault that began did and cost.
func (f *faults) verdict() []Fault {
	list := []Fault{}
	if f == nil {
		return list
	}
	for i, state := range f.recovery.faults {
		if state.began.IsZero() {
			continue
		}
		planned := f.plan[i]
		v := Fault{
			At: planned.At.String(), Kind: string(planned.Kind), Target: planned.On.Name,
			RecoveredAfterMs: float64(max(0, state.recovered.Sub(state.ended)).Microseconds()) / 1000,
			Cost: fmt.Sprintf("%d lost, %d redelivered, %d duplicated outcomes",
				state.lost, state.after.redelivered-state.before.redelivered, state.after.outcomes-state.before.outcomes),
		}
		if planned.Operation != "" {
			v.Target += " " + planned.Operation
		}
		if state.gaveUp {
			v.Cost += ", not recovered from"
		}
		list = append(list, v)
	}
	return list
}

// latencies are the ledger's, and apart from them those of events in a fault's way.
func (r *run) latencies() map[string]ledger.Quantiles {
	all := r.ledger.Quantiles()
	if r.faults == nil {
		return all
	}
	for _, name := range sortedKeys(r.defaults.SLO) {
		if parts := r.ledger.Split(name, r.faults.recovery.inShadow); parts.InCount > 0 {
			all[name+inFaults] = parts.In
		}
	}
	return all
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
