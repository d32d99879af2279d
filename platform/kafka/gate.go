package kafka

import (
	"context"
	"sync"
)

// gate bounds what a producer holds. The client has bounds of its own, but
// there the context that waits for room is also the one that later takes the
// record back: what a gate let in stays in.
type gate struct {
	recordsMax, bytesMax int

	mu             sync.Mutex
	records, bytes int
	room           chan struct{} // closed when there is room again; nil while nobody waits
}

// enter waits for room for one record. A record larger than all room enters
// when it is alone.
func (g *gate) enter(ctx context.Context, size int) error {
	for {
		g.mu.Lock()
		if g.records == 0 || (g.records < g.recordsMax && g.bytes+size <= g.bytesMax) {
			g.records++
			g.bytes += size
			g.mu.Unlock()
			return nil
		}
		if g.room == nil {
			g.room = make(chan struct{})
		}
		room := g.room
		g.mu.Unlock()
		select {
		case <-room:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// leave makes room. Whoever waits is woken only when a quarter is free, so that
// a full buffer is not a queue of single steps.
func (g *gate) leave(size int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.records--
	g.bytes -= size
	if g.room != nil && g.records <= g.recordsMax*3/4 && g.bytes <= g.bytesMax*3/4 {
		close(g.room)
		g.room = nil
	}
}
