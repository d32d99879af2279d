package scenario

import (
	"sync"
	"time"

	"github.com/weirstream/weir/platform/ledger"
)

// quietMin is how long nothing may be overdue before a fault counts as
// recovered from: a fault's effect may begin a while after the fault.
const quietMin = time.Second

// recovery watches how late a disturbed run is. An event is overdue while it
// was due longer ago than patience and has reached neither the last hop
// nor a refusal, accepted or not: a service that is dead accepts nothing, and
// that is no recovery. Where the last hop keeps the order of each device, an
// event that is held back for an earlier one on purpose is not overdue. Of what
// no single event tells, such as windows and documents, the consumer groups tell:
// a record is overdue that a group has not done within patience.
//
// A fault is recovered from at the first moment, at or after its end, from
// which on nothing is overdue for quietMin or twice patience.
type recovery struct {
	ledger    *ledger.Ledger
	last      string        // the last hop's point
	objective time.Duration // the largest one: effects may be felt so long before a fault
	patience  time.Duration // before an event is overdue
	inOrder   bool          // of each device, at last
	groups    *groupWatch
	repeats   []string // at-least-once points
	once      []string // exactly-once points

	mu          sync.Mutex
	young       []outstanding // sent and not yet due for longer than patience, by due
	overdue     []outstanding
	overdueLast time.Time
	faults      []faultState
}

type outstanding struct {
	id  ledger.ID
	due time.Time
}

// faultState is one fault of the plan.
type faultState struct {
	began, ended time.Time // zero: not yet
	recovered    time.Time // once known
	gaveUp       bool      // the run ended while events were overdue
	before       repeats
	after        repeats
	lost         int // events that were due in the fault's shadow
}

// repeats are what was delivered more than once so far.
type repeats struct{ redelivered, outcomes int }

func (r *recovery) sent(id ledger.ID, due time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.young = append(r.young, outstanding{id, due})
}

func (r *recovery) began(i int, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults[i].began, r.faults[i].before = now, r.count()
}

func (r *recovery) ended(i int, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults[i].ended = now
}

func (r *recovery) count() (n repeats) {
	for _, point := range r.repeats {
		n.redelivered += r.ledger.Count(point).Duplicates
	}
	for _, point := range r.once {
		n.outcomes += r.ledger.Count(point).Duplicates
	}
	conflicts, _ := r.ledger.Conflicts()
	n.outcomes += conflicts
	return n
}

func (r *recovery) quiet() time.Duration { return max(quietMin, 2*r.patience) }

// tick looks once, and settles the faults that have been recovered from.
func (r *recovery) tick(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.look(now)
	for i := range r.faults {
		f := &r.faults[i]
		if f.ended.IsZero() || !f.recovered.IsZero() {
			continue
		}
		if since := later(f.ended, r.overdueLast); now.Sub(since) >= r.quiet() {
			f.recovered, f.after = since, r.count()
		}
	}
}

func (r *recovery) look(now time.Time) {
	old := 0
	for old < len(r.young) && now.Sub(r.young[old].due) > r.patience {
		old++
	}
	r.overdue = append(r.overdue, r.young[:old]...)
	r.young = append(r.young[:0], r.young[old:]...)
	kept := r.overdue[:0]
	for _, o := range r.overdue {
		if r.ledger.Has(r.last, o.id) || r.ledger.WasRejected(o.id) {
			continue
		}
		kept = append(kept, o)
		if !r.heldBack(o.id) {
			r.overdueLast = now
		}
	}
	r.overdue = kept
	if r.groups.overdue(now, r.patience) {
		r.overdueLast = now
	}
}

// heldBack tells whether an event waits for the order of its device: between it
// and the last one that arrived there is one that was refused or not sent yet.
// The scenario waits for that as long as it may still come.
func (r *recovery) heldBack(id ledger.ID) bool {
	if !r.inOrder {
		return false
	}
	for id.Seq > 0 {
		id.Seq--
		switch {
		case r.ledger.Has(r.last, id):
			return false
		case r.ledger.WasRejected(id) || !r.ledger.WasSent(id):
			return true
		}
	}
	return false
}

// conclude settles the rest when nothing more will arrive.
func (r *recovery) conclude(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.look(now)
	for i := range r.faults {
		f := &r.faults[i]
		if f.began.IsZero() || !f.recovered.IsZero() {
			continue
		}
		if f.ended.IsZero() {
			f.ended = now
		}
		f.recovered, f.after = later(f.ended, r.overdueLast), r.count()
		f.gaveUp = len(r.overdue) > 0 || r.groups.overdue(now, r.patience)
	}
}

// inShadow tells whether an event due at t was in a fault's way: due while the
// fault lasted or was recovered from, or so shortly before that it had not had
// its objective's time yet.
func (r *recovery) inShadow(t time.Time) bool {
	for _, f := range r.faults {
		if f.covers(t, r.objective) {
			return true
		}
	}
	return false
}

func (f faultState) covers(t time.Time, objective time.Duration) bool {
	return !f.began.IsZero() && !t.Before(f.began.Add(-objective)) && !t.After(f.recovered)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
