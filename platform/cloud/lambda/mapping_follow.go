package lambda

import (
	"context"
	"sync"
	"time"
)

// follower reads one shard and hands its records to the function: in
// ParallelizationFactor lanes, one batch of each at a time. Records of one
// partition key are in one lane, so their order holds. It buffers one fetch
// beyond a batch for every lane.
type follower struct {
	*reader
	shard    string
	track    *track
	lanes    []*lane
	skip     place // what was settled ahead of the checkpoint before
	finished chan stopped

	ended    bool
	caughtUp time.Time // simulated: no record from before then is still to be fetched
}

// lane is one of the queues of a shard.
type lane struct {
	batcher
	delivery
	busy bool
}

// stopped is how a lane's work ended; an error is a stop.
type stopped struct {
	lane *lane
	err  error
}

// follow reads one shard until it ends or ctx does, and returns when the lanes
// have finished or abandoned the batches in hand.
func (r *reader) follow(ctx context.Context, shard string) {
	ctx, cancel := context.WithCancel(ctx)
	var work sync.WaitGroup
	defer work.Wait()
	defer cancel()
	f := r.newFollower(shard)
	in := make(chan fetched) // unbuffered: what is not taken yet is back-pressure
	work.Go(func() { r.fetch(ctx, shard, f.skip.From, in) })
	for {
		f.takeWaiting(in)
		wait := f.hand(ctx, &work)
		if f.done() {
			r.finish(shard)
			return
		}
		if !f.step(ctx, in, wait) {
			return
		}
	}
}

func (r *reader) newFollower(shard string) *follower {
	f := &follower{reader: r, shard: shard, skip: r.at(shard)}
	n := r.settings.lanes
	f.track = newTrack(n, f.skip)
	f.finished = make(chan stopped, n)
	for i := range n {
		f.lanes = append(f.lanes, &lane{
			batcher:  batcher{settings: r.settings, fixedBytes: r.eventOverhead()},
			delivery: delivery{reader: r, shard: shard, lane: i, track: f.track},
		})
	}
	return f
}

// takeWaiting takes what is fetched already, as far as there is room, so that
// batches are as large as they can be without waiting.
func (f *follower) takeWaiting(in <-chan fetched) {
	for f.hungry() {
		select {
		case batch := <-in:
			f.add(batch)
		default:
			return
		}
	}
}

// step waits for the next thing to happen; false is the end of the follower.
// A lane whose batching window is open is looked at again after wait, if that
// is above zero.
func (f *follower) step(ctx context.Context, in <-chan fetched, wait time.Duration) bool {
	var closed <-chan time.Time
	if wait > 0 {
		timer := f.deps.sim.NewTimer(wait)
		defer timer.Stop()
		closed = timer.C
	}
	if !f.hungry() {
		in = nil
	}
	select {
	case batch := <-in:
		f.add(batch)
	case <-closed:
	case o := <-f.finished:
		o.lane.busy = false
		return o.err == nil
	case <-ctx.Done():
		return false
	}
	return true
}

// hungry reports whether there is a use and room for another fetch: a lane has
// nothing to do, and no lane that is stuck makes the others run far ahead of it.
func (f *follower) hungry() bool {
	if f.ended {
		return false
	}
	idle, records, bytes := false, 0, 0
	for _, l := range f.lanes {
		n, full := l.cut(0, func(*Record) bool { return true })
		idle = idle || (!l.busy && (n == 0 || !full))
		records += len(l.pending)
		bytes += l.bytes
	}
	lanes := f.settings.lanes
	return idle && (lanes == 1 || (records < lanes*f.settings.batchRecords && bytes < lanes*maxPayloadBytes))
}

// add spreads a fetch over the lanes. What the filters do not want is settled.
func (f *follower) add(batch fetched) {
	now := f.deps.sim.Now()
	f.advance(f.shard, func(p *place) {
		for i := range batch.Records {
			r := &batch.Records[i]
			if f.skip.settled(r) || !f.settings.wanted(r) {
				f.track.add(tracked{number: r.SequenceNumber, lane: settled})
				continue
			}
			n := laneOf(r.PartitionKey, f.settings.lanes)
			f.track.add(tracked{number: r.SequenceNumber, lane: n})
			f.lanes[n].add(*r, now)
		}
		f.track.add(tracked{lane: settled, to: &batch.Next})
		f.track.move(p)
	})
	f.ended = batch.End
	if batch.MillisBehindLatest == 0 {
		f.caughtUp = f.deps.sim.At(batch.asOf.Add(-latePuts))
	}
}

// hand gives every idle lane its next work, if there is any. It returns how
// long the first open batching window stays open, or 0.
func (f *follower) hand(ctx context.Context, work *sync.WaitGroup) (wait time.Duration) {
	now := f.deps.sim.Now()
	for _, l := range f.lanes {
		if l.busy {
			continue
		}
		job, left := f.next(l, now)
		if left > 0 && (wait == 0 || left < wait) {
			wait = left
		}
		if job != nil {
			l.busy = true
			work.Go(func() { f.finished <- stopped{l, job(ctx)} })
		}
	}
	return wait
}

// next is what a lane has to do now, or how long its batching window stays open.
func (f *follower) next(l *lane, now time.Time) (job func(context.Context) error, left time.Duration) {
	w := f.window(l)
	besides, inside := 0, func(*Record) bool { return true }
	if w != nil {
		if f.over(w, l) {
			l.window = w
			return l.closeWindow, 0
		}
		besides = len(w.State)
		inside = func(r *Record) bool { return f.deps.sim.At(r.Arrival).Before(w.End) }
	}
	n, full := l.cut(besides, inside)
	if n == 0 {
		return nil, 0
	}
	left = l.closes().Sub(now)
	if !full && !f.ended && left > 0 && (w == nil || f.caughtUp.Before(w.End)) {
		return nil, left
	}
	batch := l.take(n, now)
	l.window = w
	return func(ctx context.Context) error { return l.run(ctx, batch) }, 0
}

// window is the tumbling window the lane is in: the one with a state, or else
// that of its first record; nil if there is none.
func (f *follower) window(l *lane) *openWindow {
	if w := f.at(f.shard).Window; w != nil {
		return w
	}
	if f.settings.tumblingSeconds == 0 || len(l.pending) == 0 {
		return nil
	}
	return windowAt(f.deps.sim.At(l.pending[0].Arrival), f.settings.tumblingSeconds)
}

// over reports whether a window that has a state gets no more records.
func (f *follower) over(w *openWindow, l *lane) bool {
	switch {
	case w.Span.Records == 0:
		return false
	case w.Early || f.settings.tumblingSeconds == 0:
		return true
	case len(l.pending) > 0:
		return !f.deps.sim.At(l.pending[0].Arrival).Before(w.End)
	default:
		return f.ended || !f.caughtUp.Before(w.End)
	}
}

// done reports whether the shard is handled to its end.
func (f *follower) done() bool {
	if !f.ended || f.at(f.shard).Window != nil {
		return false
	}
	for _, l := range f.lanes {
		if l.busy || len(l.pending) > 0 {
			return false
		}
	}
	return true
}
