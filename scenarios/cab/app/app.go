// Package app is the scenario's page: what happens in each zone of the city,
// how far every stage is behind, which alerts are open and what became dead
// letters, live in a browser; and the metrics for Prometheus.
//
// It reads what readers of committed records see, as nobody's member, and
// commits nothing, so no stage notices it. It keeps the last hour of the city,
// the last minutes of the lags and the last dead letters, in memory alone:
// started again, it reads them again. A browser that is slow misses what it did
// not take, is sent the whole state instead, and holds up nobody.
package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/platform/kafka/avro"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// Config sets up an App; zero fields take defaults.
type Config struct {
	Cluster  kafka.Cluster
	Registry *avro.Registry
	// Search is where OpenSearch is; without a URL the page shows no alerts.
	Search scenario.Address
	// Service is the name under which Env listens, Hub the one under which it
	// finds where batches of readings go.
	Service string
	Hub     string
	Stages  []Stage
	// Metrics are shown at /metrics, with what the app adds; nil means its own.
	Metrics *prometheus.Registry

	Interval   time.Duration // between two looks at the lags; 0 means 1s
	ViewersMax int           // browsers at once; 0 means 200
}

// Stage is one consumer group and what it does.
type Stage struct {
	Name  string
	Group string
}

// App serves until Run's context ends.
type App struct {
	env     scenario.Env
	cfg     Config
	log     *slog.Logger
	watch   *kafka.GroupWatch
	store   *store
	viewers *viewers
	decoder decoder
	ready   chan struct{}
}

// New checks cfg and starts nothing.
func New(env scenario.Env, cfg Config) (*App, error) {
	cfg.Interval = cmp.Or(cfg.Interval, time.Second)
	cfg.ViewersMax = cmp.Or(cfg.ViewersMax, 200)
	if cfg.Metrics == nil {
		cfg.Metrics = prometheus.NewRegistry()
	}
	groups := make([]string, len(cfg.Stages))
	for i, s := range cfg.Stages {
		groups[i] = s.Group
	}
	a := &App{
		env: env, cfg: cfg, log: env.Log.With("service", cfg.Service), ready: make(chan struct{}),
		store: newStore(env.RunID), viewers: newViewers(cfg.ViewersMax),
	}
	var err error
	a.watch, err = kafka.NewGroupWatch(cfg.Cluster, kafka.GroupWatchConfig{
		Groups: groups, Topics: []string{event.TelemetryTopic}, Interval: cfg.Interval, Clock: env.Wall, Logger: a.log,
	})
	if err != nil {
		return nil, fmt.Errorf("app: %w", err)
	}
	if err := cfg.Metrics.Register(kafka.NewGroupCollector(a.watch)); err != nil {
		return nil, fmt.Errorf("app: %w", err)
	}
	if a.decoder, err = newDecoder(cfg.Registry); err != nil {
		return nil, fmt.Errorf("app: %w", err)
	}
	return a, nil
}

// Ready is closed when browsers may connect.
func (a *App) Ready() <-chan struct{} { return a.ready }

// stopMax is how long the end waits for answers on their way.
const stopMax = 2 * time.Second

// Run serves until ctx ends. What it cannot read it goes on trying to.
func (a *App) Run(ctx context.Context) error {
	listener, err := a.env.Listen(a.cfg.Service)
	if err != nil {
		return fmt.Errorf("app: %w", err)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	defer transport.CloseIdleConnections()
	close(a.ready) // connections wait in the listener until they are served
	server := &http.Server{
		Handler: a.routes(transport), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
	}
	group, failed := errgroup.WithContext(ctx)
	group.Go(func() error { return a.watch.Run(failed) })
	group.Go(func() error { return a.read(failed) })
	group.Go(func() error { return a.tick(failed) })
	group.Go(func() error { return a.alerts(failed) })
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("app: serve: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-failed.Done()
		a.viewers.close()
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopMax)
		defer cancel()
		if server.Shutdown(limit) != nil {
			return server.Close()
		}
		return nil
	})
	return group.Wait()
}
