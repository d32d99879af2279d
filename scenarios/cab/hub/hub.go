// Package hub is the source hub: cab devices and their gateways post batches of
// readings to it, and it puts them on cab-telemetry.
//
// Guarantee: a batch that is answered with 200 lies on the topic for good, but
// for the lines that the answer refuses, which lie nowhere. Without an answer,
// or after a 503, any of its lines may lie there, and devices send all of them
// again: at-least-once. The hub keeps no state, so any number of them may serve
// side by side; who reads removes duplicates by cab and sequence.
package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/platform/kafka/avro"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// Config sets up a Hub.
type Config struct {
	Cluster  kafka.Cluster
	Registry *avro.Registry
	Topic    string // of the readings
	// Service is the name under which Env listens.
	Service string
	// Metrics are shown at /metrics; nil means there is no such page.
	Metrics prometheus.Gatherer
}

// Hub serves until Run's context ends.
type Hub struct {
	env      scenario.Env
	cfg      Config
	log      *slog.Logger
	producer *kafka.Producer
	encoders map[int]*avro.Encoder[event.Telemetry] // by the device's schema
	bodies   sync.Pool                              // of *body
	room     *semaphore.Weighted                    // for batches in hand, in bytes
	counts   counts
	ready    chan struct{}

	finishMax time.Duration // for the batches in hand when Run's ctx ends
}

type counts struct{ batches, accepted, refused, turnedAway atomic.Int64 }

// stats count since New. They are what /stats shows.
type stats struct {
	Batches    int64 `json:"batches"`
	Accepted   int64 `json:"accepted"`    // lines
	Refused    int64 `json:"refused"`     // lines, and bodies as one
	TurnedAway int64 `json:"turned_away"` // batches, with 503
}

// putMax is how long a batch waits for the topic before it is turned away.
const putMax = 5 * time.Second

// versions are those of the readings' schema, the older first: the newer must fit it.
func versions() [2]int { return [...]int{event.SchemaOld, event.Schema} }

// New checks cfg and starts nothing.
func New(env scenario.Env, cfg Config) (*Hub, error) {
	producer, err := kafka.NewProducer(cfg.Cluster, kafka.ProducerConfig{
		Topic: cfg.Topic, LingerMax: 2 * time.Millisecond, BufferRecordsMax: 50_000, RecordTTL: putMax,
	})
	if err != nil {
		return nil, fmt.Errorf("hub: %w", err)
	}
	h := &Hub{
		env: env, cfg: cfg, log: env.Log.With("service", cfg.Service), producer: producer,
		encoders: map[int]*avro.Encoder[event.Telemetry]{}, room: semaphore.NewWeighted(roomBytes), ready: make(chan struct{}),
		finishMax: 2 * putMax,
	}
	for _, version := range versions() {
		if h.encoders[version], err = avro.NewEncoder[event.Telemetry](cfg.Registry, cfg.Topic, event.TelemetrySchema(version)); err != nil {
			return nil, fmt.Errorf("hub: %w", err)
		}
	}
	return h, nil
}

// Ready is closed when devices may connect.
func (h *Hub) Ready() <-chan struct{} { return h.ready }

// Producer is the hub's, to be measured.
func (h *Hub) Producer() *kafka.Producer { return h.producer }

// stats may be asked for at any time.
func (h *Hub) stats() stats {
	return stats{h.counts.batches.Load(), h.counts.accepted.Load(), h.counts.refused.Load(), h.counts.turnedAway.Load()}
}

// Run serves until ctx ends, then answers the batches in hand and returns nil. One
// that has no answer by finishMax is cut off, and its device sends it again. No
// handler outlives Run.
func (h *Hub) Run(ctx context.Context) error {
	if err := h.register(ctx); err != nil || ctx.Err() != nil {
		return err
	}
	listener, err := h.env.Listen(h.cfg.Service)
	if err != nil {
		return fmt.Errorf("hub: %w", err)
	}
	close(h.ready) // connections wait in the listener until they are served
	producing, stop := context.WithCancel(context.WithoutCancel(ctx))
	group, failed := errgroup.WithContext(ctx)
	group.Go(func() error {
		err := h.producer.Run(producing)
		if err != nil && producing.Err() != nil { // of batches that were turned away: nobody counts on them
			h.log.Warn("records are left that the brokers did not take", "error", err)
			return nil
		}
		return err
	})
	group.Go(func() error {
		defer stop() // after the last batch
		return h.serve(failed, listener)
	})
	return group.Wait()
}

// serve returns when no handler is left.
func (h *Hub) serve(ctx context.Context, listener net.Listener) error {
	var handling sync.RWMutex // for reading by each handler, and at the end for good
	routes := h.routes()
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !handling.TryRLock() {
				panic(http.ErrAbortHandler) // net/http's way to close without a reply
			}
			defer handling.RUnlock()
			routes.ServeHTTP(w, r)
		}),
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(h.log.Handler(), slog.LevelDebug),
	}
	ended := make(chan error, 1)
	go func() {
		ended <- server.Serve(listener)
		close(ended)
	}()
	var failure error
	select {
	case err := <-ended:
		failure = fmt.Errorf("hub: serve: %w", err)
	case <-ctx.Done():
	}
	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.finishMax)
	defer cancel()
	if err := server.Shutdown(finish); err != nil {
		h.log.Warn("batches in hand are cut off, and their devices send them again", "error", err)
		_ = server.Close() // of the listener, which is closed already
	}
	handling.Lock()
	<-ended
	return failure
}

// register has the registry know what the hub will write. While that cannot be
// reached the hub is not ready, and waits.
func (h *Hub) register(ctx context.Context) error {
	const again = 200 * time.Millisecond
	for _, version := range versions() {
		for tries := 0; ; tries++ {
			err := h.encoders[version].Register(ctx)
			if err == nil {
				break
			}
			refused, ok := errors.AsType[*avro.RegistryError](err)
			if ctx.Err() != nil {
				return nil
			}
			if !ok || !refused.Retriable {
				return fmt.Errorf("hub: %w", err)
			}
			if tries == 0 {
				h.log.Warn("waits for the schema registry", "error", err)
			}
			_ = h.env.Wall.Sleep(ctx, again) // ctx is looked at above
		}
	}
	return nil
}

func (h *Hub) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+event.TelemetryPath, h.take)
	mux.HandleFunc("GET /stats", func(w http.ResponseWriter, _ *http.Request) { h.reply(w, http.StatusOK, h.stats()) })
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		h.reply(w, http.StatusOK, map[string]string{"status": "ok"})
	})
	if h.cfg.Metrics != nil {
		mux.Handle("GET /metrics", promhttp.HandlerFor(h.cfg.Metrics, promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
	}
	return mux
}

// take answers one batch.
func (h *Hub) take(w http.ResponseWriter, r *http.Request) {
	h.counts.batches.Add(1)
	b, _ := h.bodies.Get().(*body)
	if b == nil {
		b = &body{room: room{all: h.room}}
	}
	defer h.giveBack(b)
	text, bad, err := b.read(w, r)
	if errors.Is(err, errNoRoom) {
		h.turnAway(w, err, "too many batches are in hand; send the same lines again")
		return
	}
	if err != nil {
		// Mostly nobody listens any more, but without a word this would be a 200.
		h.log.Debug("a batch did not come through", "error", err)
		h.reply(w, http.StatusRequestTimeout, map[string]string{"error": "the batch did not come through; send the same lines again"})
		return
	}
	if bad != nil {
		// A client that is cut off while it sends may not see the answer.
		_, _ = io.CopyN(io.Discard, r.Body, bodyBytesMax)
		h.counts.refused.Add(1)
		h.reply(w, http.StatusBadRequest, event.Receipt{Refused: []event.Refusal{*bad}})
		return
	}
	receipt, err := h.put(r.Context(), text)
	if err != nil {
		h.turnAway(w, err, "the topic takes nothing now; send the same lines again")
		return
	}
	h.counts.accepted.Add(int64(receipt.Accepted))
	h.counts.refused.Add(int64(len(receipt.Refused)))
	status := http.StatusOK
	if receipt.Accepted == 0 {
		status = http.StatusBadRequest
	}
	h.reply(w, status, receipt)
}

// turnAway answers a batch that is to be sent again.
func (h *Hub) turnAway(w http.ResponseWriter, why error, remedy string) {
	h.counts.turnedAway.Add(1)
	h.log.Debug("a batch was turned away", "error", why)
	w.Header().Set("Retry-After", "1")
	h.reply(w, http.StatusServiceUnavailable, map[string]string{"error": remedy})
}

func (h *Hub) reply(w http.ResponseWriter, status int, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		text = []byte(`{"error":"the answer cannot be written"}`)
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if _, err := w.Write(append(text, '\n')); err != nil && !errors.Is(err, context.Canceled) {
		h.log.Debug("a client did not wait for its answer", "error", err)
	}
}
