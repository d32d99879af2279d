package scenario

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"
)

// simulate sends the plan on schedule. A failed service ends the sending, an
// interrupt cuts the plan short; what was sent is still waited for.
func (r *run) simulate(ctx context.Context, failed <-chan struct{}) error {
	sending, stopSending := context.WithCancel(ctx)
	defer stopSending()
	simulating, stopSimulating := context.WithCancel(ctx)
	defer stopSimulating()
	finished := make(chan struct{})
	var watch sync.WaitGroup
	defer watch.Wait()
	defer close(finished)
	watch.Go(func() {
		if r.awaitEnd(failed, finished) {
			stopSending()
			limit := r.env.Wall.NewTimer(r.defaults.DrainMax)
			defer limit.Stop()
			select {
			case <-limit.C:
			case <-finished:
			}
		}
		stopSimulating()
	})
	err := guard(simulating, r.env.Wall, stopGrace, "simulator", func(ctx context.Context) error {
		return r.Simulator.Simulate(ctx, r.env, r.counted(pace(sending, r.env, r.schedule())), r.ledger)
	})
	if closed(r.o.Interrupt) {
		r.interrupted = r.cut.Load() > 0 || !r.exhausted.Load()
	}
	if errors.Is(err, context.Canceled) && simulating.Err() != nil {
		return fmt.Errorf("still waiting %v after the last send: %w", r.defaults.DrainMax, err)
	}
	return err
}

// awaitEnd waits until the sending must end early, and is false if the
// simulator has finished or must be ended at once.
func (r *run) awaitEnd(failed, finished <-chan struct{}) (early bool) {
	limit := r.env.Wall.NewTimer(r.sendingLeft())
	defer limit.Stop()
	interrupt := r.o.Interrupt
	for {
		select {
		case <-interrupt:
			if closing := r.closing(); closing > 0 {
				r.close(fmt.Sprintf("what closes the plan, %v of simulated time", closing))
				interrupt = nil
				continue
			}
			r.close("events in flight when the run was interrupted")
			return true
		case <-failed:
			return true
		case <-limit.C:
			left := r.sendingLeft()
			if left <= 0 {
				return false
			}
			limit.Reset(left)
		case <-finished:
			return false
		}
	}
}

// close is what follows an interrupt, unless sending has ended meanwhile.
func (r *run) close(waiting string) {
	r.waiting.Store(waiting)
	r.phase.CompareAndSwap(Sending, Closing)
}

// sendingLeft is how long the simulator may still take. A plan may go on after
// load.For, so what counts is the latest event that it had.
func (r *run) sendingLeft() time.Duration {
	end := r.load.For
	if cut := r.cutLoad().Cut; cut > 0 {
		end = cut + r.closing()
	}
	last := max(r.env.Sim.ToWall(end), time.Duration(r.lastDue.Load()))
	return r.env.Start.Add(last + r.defaults.DrainMax).Sub(r.env.Wall.Now())
}

func (r *run) plan() iter.Seq[Planned] {
	return r.Simulator.Plan(r.o.Seed, r.o.Epoch, r.cutLoad())
}

// cutLoad is the load, cut where an interrupt cut it.
func (r *run) cutLoad() Load {
	load := r.load
	if cut := r.cut.Load(); cut > 0 {
		load.Cut = time.Duration(cut)
	}
	return load
}

func (r *run) closing() time.Duration {
	if c, ok := r.Simulator.(Closer); ok {
		return c.Closing()
	}
	return 0
}

// schedule is the plan. If it closes, an interrupt has it close at once.
func (r *run) schedule() iter.Seq[Planned] {
	closes := r.closing() > 0
	return func(yield func(Planned) bool) {
		var last time.Duration
		n, cut := 0, false
		for p := range r.plan() {
			if cut = closes && closed(r.o.Interrupt) && last < r.load.For; cut {
				break
			}
			n, last = n+1, max(last, p.At)
			if !yield(p) {
				return
			}
		}
		if cut {
			r.cut.Store(int64(last + 1))
			for p := range r.plan() {
				if n--; n < 0 && !yield(p) {
					return
				}
			}
		}
		r.exhausted.Store(true)
	}
}

// counted notes how much of the schedule was handed out, and hands out nothing
// after an interrupt but what closes the plan.
func (r *run) counted(due iter.Seq[Planned]) iter.Seq[Planned] {
	return func(yield func(Planned) bool) {
		for p := range due {
			if closed(r.o.Interrupt) && r.closing() == 0 {
				return
			}
			due := r.env.Due(p)
			r.paced.Add(1)
			r.lastDue.Store(int64(due.Sub(r.env.Start)))
			r.faults.sent(p.ID, due)
			if !yield(p) {
				return
			}
		}
	}
}
