package kafka

import (
	"context"
	"sync"
	"sync/atomic"
)

// gate bounds and counts what a producer holds. The client has bounds of its
// own, but there the context that waits for room is also the one that later
// takes the record back: what a gate let in stays in. Every record passes it
// twice, on different goroutines, so it locks only where somebody waits.
type gate struct {
	recordsMax, bytesMax int64
	full                 chan struct{} // told when somebody has to wait
	empty                chan struct{} // closed when the gate is closed and nothing is in

	records, bytes                atomic.Int64 // in, and for a moment those that find no room
	acknowledged, settled, failed atomic.Int64
	closed, waiting               atomic.Bool
	once                          sync.Once

	mu   sync.Mutex
	room chan struct{} // closed when there is room again; nil while nobody waits
}

func newGate(recordsMax, bytesMax int) *gate {
	return &gate{
		recordsMax: int64(recordsMax), bytesMax: int64(bytesMax),
		empty: make(chan struct{}), full: make(chan struct{}, 1),
	}
}

// enter waits for room for one record. A record larger than all room enters
// when it is alone.
func (g *gate) enter(ctx context.Context, size int) error {
	for {
		n, b := g.records.Add(1), g.bytes.Add(int64(size))
		if g.closed.Load() {
			g.drop(size)
			return ErrStopped
		}
		if n == 1 || (n <= g.recordsMax && b <= g.bytesMax) {
			return nil
		}
		g.drop(size)
		room := g.await(size)
		if room == nil {
			continue
		}
		select {
		case g.full <- struct{}{}:
		default:
		}
		select {
		case <-room:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// await says what to wait for; nil if there is room after all. It looks after
// it has said that it waits, and drop the other way round, so one sees the other.
func (g *gate) await(size int) <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.room == nil {
		g.room = make(chan struct{})
	}
	g.waiting.Store(true)
	n := g.records.Load()
	if n == 0 || g.closed.Load() || (n < g.recordsMax && g.bytes.Load()+int64(size) <= g.bytesMax) {
		return nil
	}
	return g.room
}

// leave counts a record's fate and makes room.
func (g *gate) leave(size int, acknowledged bool) {
	if acknowledged {
		g.acknowledged.Add(1)
		g.settled.Add(int64(size))
	} else {
		g.failed.Add(1)
	}
	g.drop(size)
}

// drop wakes whoever waits only when a quarter is free, so that a full buffer
// is not a queue of single steps.
func (g *gate) drop(size int) {
	g.bytes.Add(-int64(size))
	n := g.records.Add(-1)
	if g.waiting.Load() && g.records.Load() <= g.recordsMax*3/4 && g.bytes.Load() <= g.bytesMax*3/4 {
		g.wake() // looked at again, so that the last of several that leave sees all gone
	}
	if n == 0 && g.closed.Load() {
		g.once.Do(func() { close(g.empty) })
	}
}

func (g *gate) wake() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting.Store(false)
	if g.room != nil {
		close(g.room)
		g.room = nil
	}
}

// close lets nobody in any more, nor wait.
func (g *gate) close() {
	g.closed.Store(true)
	g.wake()
	if g.records.Load() == 0 {
		g.once.Do(func() { close(g.empty) })
	}
}

func (g *gate) count() ProducerStats {
	s := ProducerStats{Acknowledged: g.acknowledged.Load(), Failed: g.failed.Load(), Bytes: g.settled.Load(), Buffered: g.records.Load()}
	s.Accepted = s.Acknowledged + s.Failed + s.Buffered
	return s
}
