package cabs

import (
	"context"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// gateway sends the readings of its cabs, one batch at a time.
type gateway struct {
	*network
	rng *rand.Rand // for the waits between attempts; outside the plan

	mu     sync.Mutex
	queue  []scenario.Planned // bounded by MaxWaiting
	closed bool
	wake   chan struct{} // a batch begins, is full, or is the last

	batch batch
}

func newGateway(n *network, index int) *gateway {
	run := fnv.New64a()
	run.Write([]byte(n.env.RunID))
	return &gateway{
		network: n, wake: make(chan struct{}, 1),
		rng: rand.New(rand.NewPCG(run.Sum64(), uint64(index))),
	}
}

func (g *gateway) put(p scenario.Planned) {
	g.mu.Lock()
	g.queue = append(g.queue, p)
	waiting := len(g.queue)
	g.mu.Unlock()
	if waiting == 1 || waiting == g.cfg.BatchMax {
		g.rouse()
	}
}

func (g *gateway) close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.rouse()
}

func (g *gateway) rouse() {
	select {
	case g.wake <- struct{}{}:
	default: // it is awake
	}
}

// run sends until it is closed and everything is answered, or ctx ends.
func (g *gateway) run(ctx context.Context) {
	var earliest time.Time // of the next batch: one that is not full waits for company
	for g.await(ctx, earliest) {
		earliest = g.env.Wall.Now().Add(g.cfg.LingerMax)
		g.batch.begin()
		for _, p := range g.take() {
			if err := g.batch.add(p, g.quotedRunID); err != nil {
				g.env.Log.Error("a planned reading cannot be sent", "id", p.ID.String(), "error", err)
			}
		}
		g.deliver(ctx)
	}
}

// await waits for a batch: a full one, or any after the earliest instant. It is
// false when there is nothing more to send.
func (g *gateway) await(ctx context.Context, earliest time.Time) bool {
	for ctx.Err() == nil {
		g.mu.Lock()
		waiting, closed := len(g.queue), g.closed
		g.mu.Unlock()
		some := waiting > 0 || g.batch.owes()
		left := earliest.Sub(g.env.Wall.Now())
		switch {
		case some && (closed || waiting >= g.cfg.BatchMax || left <= 0):
			return true
		case !some && closed:
			return false
		case !some:
			left = time.Hour // until it is roused
		}
		g.pause(ctx, left)
	}
	return false
}

// pause ends early when the gateway is roused.
func (g *gateway) pause(ctx context.Context, d time.Duration) {
	timer := g.env.Wall.NewTimer(d)
	defer timer.Stop()
	select {
	case <-g.wake:
	case <-timer.C:
	case <-ctx.Done():
	}
}

// take is the next batch's readings.
func (g *gateway) take() []scenario.Planned {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(len(g.queue), g.cfg.BatchMax)
	batch := g.queue[:n:n]
	g.queue = g.queue[n:]
	if len(g.queue) == 0 {
		g.queue = nil // what was sent can go
	}
	return batch
}

// deliver sends the batch until it is answered: the same lines each time, so
// that one that the hub has already is there twice.
func (g *gateway) deliver(ctx context.Context) {
	b := &g.batch
	defer g.waiting.Add(-int64(len(b.planned)))
	if len(b.lines) == 0 {
		return
	}
	if err := b.seal(g.cfg.GzipMin); err != nil {
		g.env.Log.Error("a batch cannot be sent", "error", err)
		return
	}
	g.batches.Add(1)
	g.bytes.Add(int64(len(b.body)))
	patience := g.cfg.LongestWait
	if n := len(b.planned); n > 0 {
		patience -= g.env.Wall.Now().Sub(g.env.Due(b.planned[n-1].Planned))
	}
	// Even what has waited for too long is sent once.
	giveUp := g.env.Wall.Now().Add(max(patience, g.cfg.AnswerMax))
	for attempt := 0; ; attempt++ {
		answer, retryAfter := g.attempt(ctx)
		if answer != nil {
			g.settle(answer)
			return
		}
		wait := retryAfter + clock.FullJitter(g.rng, attempt, g.cfg.BackoffBase, g.cfg.BackoffMax)
		if g.env.Wall.Now().Add(wait).After(giveUp) || g.env.Wall.Sleep(ctx, wait) != nil {
			break
		}
		g.retries.Add(1)
	}
	for _, p := range b.planned {
		g.ledger.Arrived(event.AbandonedPoint, p.ID)
	}
}

// settle records what became of each reading. A repeated line counts for
// nothing: the first one was answered.
func (g *gateway) settle(answer *answer) {
	now := g.env.Wall.Now()
	for _, p := range g.batch.planned {
		if why, refused := answer.refused[p.line]; refused {
			g.ledger.Refused(p.ID, why)
		} else if answer.all != "" {
			g.ledger.Refused(p.ID, answer.all)
		} else {
			g.ledger.Acknowledged(p.ID)
		}
		g.ledger.Latency(event.DeviceToHub, now.Sub(g.env.Due(p.Planned)))
		if p.Labels[againLabel] != "" {
			g.ledger.Arrived(repeated, p.ID)
		}
	}
}
