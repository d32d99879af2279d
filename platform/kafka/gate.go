package kafka

import (
	"context"
	"sync"
)

// gate bounds and counts what a producer holds. The client has bounds of its
// own, but there the context that waits for room is also the one that later
// takes the record back: what a gate let in stays in. One lock for bounds and
// counts, because every record passes it twice.
type gate struct {
	recordsMax, bytesMax int

	mu             sync.Mutex
	records, bytes int
	room           chan struct{} // closed when there is room again; nil while nobody waits
	full           chan struct{} // told when somebody has to wait
	closed         bool
	empty          chan struct{} // closed when the gate is closed and nothing is in
	stats          ProducerStats
}

func newGate(recordsMax, bytesMax int) *gate {
	return &gate{recordsMax: recordsMax, bytesMax: bytesMax, empty: make(chan struct{}), full: make(chan struct{}, 1)}
}

// enter waits for room for one record. A record larger than all room enters
// when it is alone.
func (g *gate) enter(ctx context.Context, size int) error {
	for {
		g.mu.Lock()
		if g.closed {
			g.mu.Unlock()
			return ErrStopped
		}
		if g.records == 0 || (g.records < g.recordsMax && g.bytes+size <= g.bytesMax) {
			g.records++
			g.bytes += size
			g.stats.Accepted++
			g.mu.Unlock()
			return nil
		}
		if g.room == nil {
			g.room = make(chan struct{})
		}
		room := g.room
		g.mu.Unlock()
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

// leave counts a record's fate and makes room. Whoever waits is woken only when
// a quarter is free, so that a full buffer is not a queue of single steps.
func (g *gate) leave(size int, acknowledged bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.records--
	g.bytes -= size
	if acknowledged {
		g.stats.Acknowledged++
		g.stats.Bytes += int64(size)
	} else {
		g.stats.Failed++
	}
	if g.room != nil && g.records <= g.recordsMax*3/4 && g.bytes <= g.bytesMax*3/4 {
		close(g.room)
		g.room = nil
	}
	if g.closed && g.records == 0 {
		close(g.empty)
	}
}

// close lets nobody in any more, nor wait.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return
	}
	g.closed = true
	if g.room != nil {
		close(g.room)
		g.room = nil
	}
	if g.records == 0 {
		close(g.empty)
	}
}

func (g *gate) count() ProducerStats {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.stats
	s.Buffered = int64(g.records)
	return s
}
