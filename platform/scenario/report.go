package scenario

import (
	"context"
	"sync"
	"time"
)

// report notes the first outcome's time and calls Progress until the returned
// function is called.
func (r *run) report(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	if r.first.Load() == 0 { // else a record has told it
		wg.Go(func() {
			select {
			case <-r.ledger.FirstOutcome():
				r.first.Store(int64(r.env.Wall.Now().Sub(r.o.ProcessStart)))
			case <-ctx.Done():
			}
		})
	}
	if r.o.Progress != nil {
		wg.Go(func() { r.tick(ctx) })
	}
	return func() {
		cancel()
		wg.Wait()
	}
}

func (r *run) tick(ctx context.Context) {
	ticker := r.env.Wall.NewTicker(r.o.ProgressEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			r.o.Progress(r.progress())
		}
	}
}

func (r *run) progress() Progress {
	phase := r.phase.Load().(Phase)
	started, _ := r.started.Load().(time.Time)
	now := r.env.Wall.Now()
	p := r.meter.read(now, started, r.ledger)
	p.Phase = phase
	p.Faults = r.faults.progress(now, started)
	p.Waiting, _ = r.waiting.Load().(string)
	if by, ok := r.drainBy.Load().(time.Time); ok && phase == Draining {
		p.DrainLeft = max(0, by.Sub(now))
	}
	return p
}
