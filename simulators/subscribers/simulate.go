package subscribers

import (
	"context"
	"fmt"
	"iter"
	"sync"
	"sync/atomic"

	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/location/event"
)

// Simulate sends each due signup at once and returns when all have their answers.
// The schedule never waits: a signup due while MaxWaiting
// others wait is not sent but recorded at event.OverloadPoint and so fails the run, and
// one that waits for a free connection is late by that, which its latency "connection wait" shows.
func (s *Simulator) Simulate(ctx context.Context, env scenario.Env, due iter.Seq[scenario.Planned], l *ledger.Ledger) error {
	app, err := connectionsTo(env.URL(event.AppService))
	if err != nil {
		return err
	}
	defer app.close()
	defer context.AfterFunc(ctx, app.close)()
	crowd := &crowd{
		cfg: s.cfg, env: env, ledger: l,
		url:          env.URL(event.AppService) + event.SignupsPath,
		app:          app,
		conns:        make(chan struct{}, s.cfg.MaxConns),
		acceptHeader: []string{"text/event-stream"}, contentType: []string{"application/json"},
	}
	var wg sync.WaitGroup
	queue := make(chan scenario.Planned, s.cfg.MaxWaiting)
	wg.Go(func() { crowd.dispatch(ctx, &wg, queue) })
	for p := range due {
		l.Sent(p.ID)
		l.Latency(sendLag, env.Wall.Now().Sub(env.Due(p)))
		if crowd.waiting.Add(1) > int64(s.cfg.MaxWaiting) {
			crowd.waiting.Add(-1)
			crowd.refuse(p)
			continue
		}
		queue <- p // has room for every waiting signup
	}
	close(queue)
	wg.Wait()
	crowd.report()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("simulate subscribers: %w", err)
	}
	return nil
}

// dispatch gives each queued signup a connection and a goroutine, first come
// first served. What has no connection yet costs no more than its place in the
// queue, so an app that stalls does not fill memory.
func (c *crowd) dispatch(ctx context.Context, wg *sync.WaitGroup, queue <-chan scenario.Planned) {
	// A goroutine that is done with a signup waits for the next one: its stack
	// has grown to what a request needs, and growing it again would cost more.
	idle := make(chan scenario.Planned)
	defer close(idle)
	for p := range queue {
		select {
		case c.conns <- struct{}{}:
		case <-ctx.Done():
			continue
		}
		select {
		case idle <- p:
		default:
			wg.Go(func() {
				c.play(ctx, p)
				for p := range idle {
					c.play(ctx, p)
				}
			})
		}
	}
}

// crowd is what all signups of one simulation share.
type crowd struct {
	cfg    Config
	env    scenario.Env
	ledger *ledger.Ledger
	url    string
	app    *connections
	conns  chan struct{} // one slot per open connection
	pool   sync.Pool     // of *sse

	// Header values that every request shares; nobody changes them.
	acceptHeader, contentType []string

	waiting, overload, retries, cuts atomic.Int64
}

// refuse records a signup that is due while too many wait.
func (c *crowd) refuse(p scenario.Planned) {
	c.ledger.Arrived(event.OverloadPoint, p.ID)
	if c.overload.Add(1) == 1 {
		c.env.Log.Error("too many signups wait: this one and others are not sent",
			"id", p.ID.String(), "limit", c.cfg.MaxWaiting)
	}
}

func (c *crowd) report() {
	c.env.Log.Info("subscribers are done", "retries", c.retries.Load(),
		"cutStreams", c.cuts.Load(), "overload", c.overload.Load())
}
