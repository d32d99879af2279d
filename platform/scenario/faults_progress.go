package scenario

import "time"

// FaultState is where a fault stands.
type FaultState int

// The states, in order.
const (
	FaultActive     FaultState = iota // at work
	FaultRecovering                   // over, and its effects are still felt
	FaultRecovered
	FaultUnrecovered // the run ended before it was recovered from
)

// FaultsProgress is what a person watching a disturbed run wants to know of its faults.
type FaultsProgress struct {
	Planned int
	Next    string        // the next to begin; "" if none is left
	NextIn  time.Duration // until then
	Begun   []FaultProgress
}

// FaultProgress is one fault that has begun.
type FaultProgress struct {
	Number int           // in the plan's order, from 1
	Name   string        // kind, target and operation
	At     time.Duration // wall time after the first send
	For    time.Duration // 0 is an instant
	State  FaultState
	// Since is how long ago it began if it is active, and how long ago it ended otherwise.
	Since time.Duration
	// Recovered is how long the recovery took; Redelivered and Doubled are what
	// it has cost, so far or, once recovered from, in all. Doubled are outcomes.
	Recovered            time.Duration
	Redelivered, Doubled int
}

// progress is where the faults stand; start is zero before the first send.
func (f *faults) progress(now, start time.Time) (p FaultsProgress) {
	if f == nil {
		return p
	}
	p.Planned = len(f.plan)
	states := f.recovery.states()
	for i, planned := range f.plan {
		name := string(planned.Kind) + " " + planned.On.Name
		if planned.Operation != "" {
			name += " " + planned.Operation
		}
		s := states[i]
		if s.began.IsZero() {
			if p.Next == "" {
				p.Next, p.NextIn = name, planned.At
				if !start.IsZero() {
					p.NextIn = max(0, start.Add(planned.At).Sub(now))
				}
			}
			continue
		}
		b := FaultProgress{
			Number: i + 1, Name: name, At: planned.At, For: planned.For, State: s.state(), Since: now.Sub(s.began),
			Redelivered: s.after.redelivered - s.before.redelivered, Doubled: s.after.outcomes - s.before.outcomes,
		}
		if b.State != FaultActive {
			b.Since = now.Sub(s.ended)
		}
		if b.State == FaultRecovered {
			b.Recovered = max(0, s.recovered.Sub(s.ended))
		}
		p.Begun = append(p.Begun, b)
	}
	return p
}

// states copies where every fault stands. What those that last have cost so far
// is counted to now.
func (r *recovery) states() []faultState {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.count()
	states := make([]faultState, len(r.faults))
	for i := range r.faults {
		f := &r.faults[i]
		states[i] = faultState{
			began: f.began, ended: f.ended, recovered: f.recovered, gaveUp: f.gaveUp, before: f.before, after: f.after,
		}
		if f.recovered.IsZero() {
			states[i].after = now
		}
	}
	return states
}

func (f faultState) state() FaultState {
	switch {
	case f.ended.IsZero():
		return FaultActive
	case f.gaveUp:
		return FaultUnrecovered
	case f.recovered.IsZero():
		return FaultRecovering
	}
	return FaultRecovered
}
