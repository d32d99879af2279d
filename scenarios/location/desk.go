package location

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/weirstream/weir/platform/clock"
)

// errFull is what a signup gets while too many wait.
var errFull = errors.New("too many signups are waiting for their offers")

// desk keeps every signup from its arrival until its offer has been kept for
// the longest wait, and brings the two together whichever comes first. Its
// memory is bounded: by the number of signups without an offer and by the bytes
// of the offers kept.
type desk struct {
	wall         clock.Clock
	keep         time.Duration
	waitingMax   int
	keptBytesMax int

	mu         sync.Mutex
	tickets    map[string]*ticket
	open       []opened  // what came without an offer, oldest first; what has one by now is skipped
	kept       []*ticket // with an offer, oldest first
	unanswered int
	keptBytes  int
}

// opened remembers a ticket by its id, so that it keeps no offer in memory.
type opened struct {
	id    string
	since time.Time
}

// ticket is one signup. Everything but answered and offer is guarded by desk.mu.
type ticket struct {
	id       string
	put      *put          // the last try; nil if nobody signed up here (after a restart) or the last try failed
	answered chan struct{} // closed when offer is set
	offer    []byte        // read after answered
	waiters  int
	since    time.Time
}

// put is one try to get a signup on the stream.
type put struct {
	settled chan struct{} // closed when its fate is known
	err     error         // read after settled
}

func (p *put) isSettled() bool { return isClosed(p.settled) }

func newDesk(wall clock.Clock, keep time.Duration, waitingMax, keptBytesMax int) *desk {
	return &desk{wall: wall, keep: keep, waitingMax: waitingMax, keptBytesMax: keptBytesMax, tickets: map[string]*ticket{}}
}

// join finds or opens the ticket of id and counts the caller as waiting until
// leave.
func (d *desk) join(id string) (*ticket, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.tickets[id]
	if t == nil {
		if d.unanswered >= d.waitingMax {
			return nil, errFull
		}
		t = d.openTicket(id)
	}
	t.waiters++
	return t, nil
}

// try returns the put that stands for a signup; mine is true if the caller
// must do it, because nobody has or the last who tried failed.
func (d *desk) try(t *ticket) (p *put, mine bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if t.put == nil {
		t.put, mine = &put{settled: make(chan struct{})}, true
		if isClosed(t.answered) { // known from the offers stream: it is on the signups stream too
			close(t.put.settled)
			mine = false
		}
	}
	return t.put, mine
}

func (d *desk) openTicket(id string) *ticket {
	t := &ticket{id: id, answered: make(chan struct{}), since: d.wall.Now()}
	d.tickets[id] = t
	d.open = append(d.open, opened{id, t.since})
	d.unanswered++
	return t
}

func (d *desk) leave(t *ticket) {
	d.mu.Lock()
	defer d.mu.Unlock()
	t.waiters--
}

// settle records the fate of a try. After an error the next who signs up with
// this id puts again: the fate of the first is unknown, so the stream may then
// hold it twice.
func (d *desk) settle(t *ticket, p *put, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		t.put = nil
	}
	p.err = err
	close(p.settled)
}

// answer keeps the first offer of an id and wakes whoever waits for it; false
// means that it was there already.
func (d *desk) answer(id string, offer []byte) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	t := d.tickets[id]
	if t == nil {
		t = d.openTicket(id)
	}
	if isClosed(t.answered) {
		return false
	}
	t.offer, t.since = offer, d.wall.Now()
	close(t.answered)
	d.unanswered--
	d.kept = append(d.kept, t)
	d.keptBytes += len(offer)
	for d.keptBytes > d.keptBytesMax {
		d.dropOldestKept()
	}
	return true
}

func (d *desk) dropOldestKept() {
	t := d.kept[0]
	d.kept[0], d.kept = nil, d.kept[1:]
	d.keptBytes -= len(t.offer)
	delete(d.tickets, t.id)
}

// expire drops what has been kept long enough, once a second until ctx ends.
func (d *desk) expire(ctx context.Context) error {
	ticker := d.wall.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			d.sweep(d.wall.Now().Add(-d.keep))
		}
	}
}

func (d *desk) sweep(before time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.kept) > 0 && d.kept[0].since.Before(before) {
		d.dropOldestKept()
	}
	var again []opened
	for len(d.open) > 0 && (d.isDone(d.open[0]) || d.open[0].since.Before(before)) {
		o := d.open[0]
		d.open = d.open[1:]
		switch t := d.tickets[o.id]; {
		case d.isDone(o):
		case t.waiters > 0 || t.put != nil && !t.put.isSettled():
			again = append(again, o) // in use: next time
		default:
			d.unanswered--
			delete(d.tickets, o.id)
		}
	}
	if len(again) > 0 {
		d.open = append(again, d.open...)
	}
}

// isDone tells whether the ticket has its offer, or is gone.
func (d *desk) isDone(o opened) bool {
	t := d.tickets[o.id]
	return t == nil || isClosed(t.answered) || !t.since.Equal(o.since)
}

// waiting is the number of signups without an offer.
func (d *desk) waiting() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.unanswered
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
