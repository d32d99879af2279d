package cabs

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// Simulate hands each due reading to the fleet gateway of its cab and returns
// when all are answered or past their longest wait.
//
// A cab does not talk to the hub itself: at 20 000 readings per second a
// request each would cost more than the pipeline does. As in a real fleet a
// gateway gathers the readings of its cabs for LingerMax and sends them as one
// batch, one batch at a time, so that those of a cab arrive in order, whatever
// is retried. The schedule never waits: a reading due while MaxWaiting others
// wait is not sent but recorded at event.OverloadPoint and so fails the run.
func (s *Simulator) Simulate(ctx context.Context, env scenario.Env, due iter.Seq[scenario.Planned], l *ledger.Ledger) error {
	runID, err := json.Marshal(env.RunID)
	if err != nil {
		return fmt.Errorf("run id: %w", err)
	}
	transport := &http.Transport{
		MaxConnsPerHost: s.cfg.Gateways, MaxIdleConnsPerHost: s.cfg.Gateways, DisableCompression: true,
	}
	defer transport.CloseIdleConnections()
	n := &network{
		cfg: s.cfg, env: env, ledger: l, quotedRunID: runID,
		url: env.URL(event.HubService) + event.TelemetryPath, client: &http.Client{Transport: transport},
	}
	gateways := make([]*gateway, s.cfg.Gateways)
	var wg sync.WaitGroup
	for i := range gateways {
		gateways[i] = newGateway(n, i)
		wg.Go(func() { gateways[i].run(ctx) })
	}
	watched := newWatch(env, l)
	ended := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() { watched.run(ctx, ended) })
	for p := range due {
		l.Sent(p.ID)
		watched.sent(p)
		l.Latency(sendLag, env.Wall.Now().Sub(env.Due(p)))
		if n.waiting.Add(1) > int64(s.cfg.MaxWaiting) {
			n.waiting.Add(-1)
			n.refuse(p)
			continue
		}
		gateways[int(p.ID.Device)%len(gateways)].put(p)
	}
	for _, g := range gateways {
		g.close()
	}
	wg.Wait()
	close(ended)
	watching.Wait()
	n.report()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("simulate cabs: %w", err)
	}
	return nil
}

// network is what all gateways of one simulation share.
type network struct {
	cfg         Config
	env         scenario.Env
	ledger      *ledger.Ledger
	quotedRunID []byte
	url         string
	client      *http.Client

	waiting, overload, retries, batches, bytes atomic.Int64
}

// refuse records a reading that is due while too many wait.
func (n *network) refuse(p scenario.Planned) {
	n.ledger.Arrived(event.OverloadPoint, p.ID)
	if n.overload.Add(1) == 1 {
		n.env.Log.Error("too many readings wait: this one and others are not sent",
			"id", p.ID.String(), "limit", n.cfg.MaxWaiting)
	}
}

func (n *network) report() {
	n.env.Log.Info("cabs are done", "batches", n.batches.Load(), "bytes", n.bytes.Load(),
		"retries", n.retries.Load(), "overload", n.overload.Load())
}
