package kinesis

import (
	"container/heap"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/weirstream/weir/platform/clock"
)

// entry is a record on its way: waiting for room, ready, in a call, or delayed
// until its next try.
type entry struct {
	record   Record
	size     int
	where    hashKey // with Aggregation, once packed
	done     func(Receipt, error)
	arrived  time.Time
	expires  time.Time
	due      time.Time // of the next try, while delayed
	failed   failures
	err      error         // of the last try
	admitted chan struct{} // closed when a waiting entry is let in or refused
	refused  bool
}

// buffer holds what is not settled yet, in bounded number and bytes. Entries
// that do not fit wait in the order they came, so back-pressure keeps order.
type buffer struct {
	cfg     ProducerConfig
	takeMax int           // records of one call
	wake    chan struct{} // tells the one dispatcher to look again

	mu         sync.Mutex
	ready      queue
	readyBytes int
	delayed    dueHeap
	followers  map[string][]*entry // with OrderPerKey: keys with an entry on its way, and who waits behind it
	waiting    []*entry            // back-pressure
	held       int
	heldBytes  int
	inFlight   int
	crowded    time.Time // until then records wait for company though no call is in flight
	accepted   int64
	stopped    bool
}

func newBuffer(cfg ProducerConfig) *buffer {
	return &buffer{cfg: cfg, takeMax: cfg.callRecordsMax(), wake: make(chan struct{}, 1), followers: map[string][]*entry{}}
}

// add accepts e, waiting for room until ctx ends or the buffer is stopped.
func (b *buffer) add(ctx context.Context, e *entry, clk clock.Clock) error {
	b.mu.Lock()
	if b.stopped {
		b.mu.Unlock()
		return ErrStopped
	}
	if len(b.waiting) == 0 && b.fits(e) {
		b.admit(e, clk.Now())
		b.mu.Unlock()
		return nil
	}
	e.admitted = make(chan struct{})
	b.waiting = append(b.waiting, e)
	if b.inFlight == 0 {
		b.signal()
	}
	b.mu.Unlock()

	select {
	case <-e.admitted:
		if e.refused {
			return ErrStopped
		}
		return nil
	case <-ctx.Done():
		return b.withdraw(ctx, e)
	}
}

// withdraw takes back an entry whose caller gave up, unless it was let in meanwhile.
func (b *buffer) withdraw(ctx context.Context, e *entry) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if i := slices.Index(b.waiting, e); i >= 0 {
		b.waiting = slices.Delete(b.waiting, i, i+1)
		b.admitWaiting(b.cfg.Clock.Now()) // a big one may have held back small ones
		return ctx.Err()
	}
	if e.refused {
		return ErrStopped
	}
	return nil
}

func (b *buffer) fits(e *entry) bool {
	return b.held == 0 || b.held < b.cfg.BufferRecordsMax && b.heldBytes+e.size <= b.cfg.BufferBytesMax
}

func (b *buffer) admit(e *entry, now time.Time) {
	e.arrived, e.expires = now, now.Add(b.cfg.RecordTTL)
	b.held++
	b.heldBytes += e.size
	b.accepted++
	if b.cfg.OrderPerKey {
		key := e.record.PartitionKey
		behind, busy := b.followers[key]
		if busy {
			b.followers[key] = append(behind, e)
			return
		}
		b.followers[key] = nil
	}
	b.push(e)
}

// push makes e sendable and wakes the dispatcher where that can matter.
func (b *buffer) push(e *entry) {
	wasFull := b.full()
	b.ready.push(e)
	b.readyBytes += e.size
	if b.idle() && b.crowded.IsZero() || b.ready.len() == 1 || b.full() != wasFull {
		b.signal()
	}
}

func (b *buffer) full() bool {
	return b.ready.len() >= b.takeMax || b.readyBytes >= b.cfg.BatchBytesMax
}

// idle is true when waiting for company brings nothing: no call is in flight
// and, with Aggregation, which is all about company, somebody waits for room.
func (b *buffer) idle() bool {
	return b.inFlight == 0 && (!b.cfg.Aggregation.On || len(b.waiting) > 0)
}

func (b *buffer) signal() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// step is what the dispatcher does next.
type step struct {
	batch   []*entry      // send these
	expired []*entry      // give these up
	wait    time.Duration // else wait so long, or until woken
	drained bool          // stopped and nothing left
}

func (b *buffer) next(now time.Time) step {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.stopped && b.held == 0 {
		return step{drained: true}
	}
	const idle = time.Hour
	if b.inFlight >= b.cfg.InFlightMax {
		return step{wait: idle} // a finished call wakes us
	}
	wait := idle
	if len(b.delayed) > 0 {
		wait = b.delayed[0].due.Sub(now)
	}
	if b.ready.len() > 0 {
		linger := b.cfg.LingerMax - now.Sub(b.ready.peek().arrived)
		if b.idle() {
			linger = min(linger, b.crowded.Sub(now))
		}
		if b.full() || b.stopped || b.idle() && len(b.waiting) > 0 {
			linger = 0
		}
		wait = min(wait, linger)
	}
	if wait > 0 {
		return step{wait: wait}
	}
	s := b.take(now)
	if len(s.batch) > 0 {
		b.inFlight++
		b.expect(len(s.batch), now)
	}
	return s
}

// expect has what follows a call of several records wait for company, as if
// the call took LingerMax: calls that are answered at once would otherwise go out
// back to back with a record or two in each. One who puts record after record
// never waits.
func (b *buffer) expect(records int, now time.Time) {
	b.crowded = time.Time{}
	if records > 1 && !b.cfg.Aggregation.On {
		b.crowded = now.Add(b.cfg.LingerMax)
	}
}

// take collects one call's entries: those due again first, since they are the oldest.
func (b *buffer) take(now time.Time) step {
	var s step
	bytes := 0
	for len(s.batch) < b.takeMax {
		again := len(b.delayed) > 0 && !b.delayed[0].due.After(now)
		var e *entry
		switch {
		case again:
			e = b.delayed[0]
		case b.ready.len() > 0:
			e = b.ready.peek()
		default:
			return s
		}
		expired := !e.expires.After(now)
		if !expired && len(s.batch) > 0 && bytes+e.size > b.cfg.BatchBytesMax {
			return s
		}
		if again {
			heap.Pop(&b.delayed)
		} else {
			b.ready.pop()
			b.readyBytes -= e.size
		}
		if expired {
			s.expired = append(s.expired, e)
			continue
		}
		bytes += e.size
		s.batch = append(s.batch, e)
	}
	return s
}

// finish settles entries for good and puts others off until they are due.
// called says that a call ended, and so a place for another is free.
func (b *buffer) finish(settled, again []*entry, called bool, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if called {
		b.inFlight--
	}
	for _, e := range again {
		heap.Push(&b.delayed, e)
	}
	for _, e := range settled {
		b.held--
		b.heldBytes -= e.size
		if b.cfg.OrderPerKey {
			b.release(e.record.PartitionKey)
		}
	}
	b.admitWaiting(now)
	b.signal()
}

// release lets the next entry of a key follow.
func (b *buffer) release(key string) {
	behind := b.followers[key]
	if len(behind) == 0 {
		delete(b.followers, key)
		return
	}
	b.followers[key] = behind[1:]
	b.push(behind[0])
}

func (b *buffer) admitWaiting(now time.Time) {
	n := 0
	for n < len(b.waiting) && b.fits(b.waiting[n]) {
		b.admit(b.waiting[n], now)
		close(b.waiting[n].admitted)
		n++
	}
	b.waiting = slices.Delete(b.waiting, 0, n)
}

// stop refuses all who wait and all who come.
func (b *buffer) stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stopped = true
	for _, e := range b.waiting {
		e.refused = true
		close(e.admitted)
	}
	b.waiting = nil
}

func (b *buffer) counts() (accepted, held int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.accepted, int64(b.held)
}
