// Package opensearch is a subset of OpenSearch's REST API: indexes, documents,
// bulk requests, searches with aggregations, aliases and index templates, as
// version 2.19 answers them.
//
// A write that was answered with success happened and is what a get returns
// from then on; searches see it after the next refresh. With Config.Data it
// survives the process once Config.Guard, which waits for the disk, has let the
// answer go. Without it nothing survives. A write whose answer was lost may
// have happened: external versions, or op_type create, make repeating it safe.
//
// Memory holds ids and the values of fields, by column; the documents as they
// were sent lie in the data directory or in a temporary file beyond a bound.
package opensearch

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud/internal/listen"
	"github.com/weirstream/weir/platform/cloud/store"
)

// Config is what the service needs; zero fields take defaults.
type Config struct {
	Region  string      // "" means us-east-1
	Account string      // "" means 123456789012
	Listen  string      // host:port of URL; "" means 127.0.0.1:0, a free port
	TLS     *tls.Config // nil means plain HTTP

	Clock clock.Clock // refreshes and "now"; nil means clock.Wall
	Data  *store.Data // where everything is kept; nil keeps nothing
	Log   *slog.Logger
	// Guard stands around every request: who may, faults, waiting for the disk.
	// It calls next at most once. Nil lets everything pass.
	Guard Guard

	SourceBytesMax   int64 // of documents in memory; 0 means 32 MiB
	InFlightBytesMax int64 // of writes being handled, beyond which they get 429; 0 means 128 MiB
}

// Validate says every problem at once; zero fields are fine.
func (cfg Config) Validate() error {
	problems := []error{listen.Check(cmp.Or(cfg.Listen, "127.0.0.1:0"), "127.0.0.1:9200")}
	if cfg.SourceBytesMax < 0 || cfg.InFlightBytesMax < 0 {
		problems = append(problems, errors.New("bounds are negative"))
	}
	return errors.Join(problems...)
}

// Guard is called with every request that has a route, its body read.
type Guard func(r *http.Request, body []byte, operation Operation, next func(ctx context.Context) (any, error)) (any, error)

// Operation is what a request does.
type Operation struct {
	Name   string // Bulk, Search, …
	Target string // the index expression in the path, if it has one
	Writes bool   // needs room for documents
}

// Service is the domain: Run serves it at URL. Safe for concurrent use.
type Service struct {
	cfg     Config
	sources *sources
	cluster string // its UUID
	api     []route

	port     *listen.Port
	inFlight atomic.Int64
	pressure atomic.Pointer[Pressure]

	mu        sync.RWMutex
	indexes   map[string]*index
	templates map[string]*template
}

// Pressure is a fault: writes meet queues that are full.
type Pressure struct {
	Requests bool // every write is refused as a whole
	// ItemEvery refuses one item of bulk requests in so many, by its place in
	// the request; 0 refuses none.
	ItemEvery int
}

// New restores what is in the data directory and opens nothing: the port opens
// at the first call of URL.
func New(cfg Config) (*Service, error) {
	cfg.Region, cfg.Account = cmp.Or(cfg.Region, "us-east-1"), cmp.Or(cfg.Account, "123456789012")
	cfg.Listen = cmp.Or(cfg.Listen, "127.0.0.1:0")
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("opensearch config: %w", err)
	}
	cfg.SourceBytesMax = cmp.Or(cfg.SourceBytesMax, 32<<20)
	cfg.InFlightBytesMax = cmp.Or(cfg.InFlightBytesMax, 128<<20)
	if cfg.Clock == nil {
		cfg.Clock = clock.Wall{}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Guard == nil {
		cfg.Guard = func(r *http.Request, _ []byte, _ Operation, next func(context.Context) (any, error)) (any, error) {
			return next(r.Context())
		}
	}
	s := &Service{
		cfg: cfg, indexes: map[string]*index{}, templates: map[string]*template{},
		port:    listen.New(listen.Config{Service: "OpenSearch domain", Listen: cfg.Listen, TLS: cfg.TLS, ReadTimeout: time.Minute, WriteTimeout: 3 * time.Minute, Log: cfg.Log}),
		sources: &sources{spill: store.NewSpill(""), data: cfg.Data, max: cfg.SourceBytesMax, log: cfg.Log},
	}
	s.cluster, s.api = newUUID(), s.routes()
	if err := s.restore(); err != nil {
		return nil, fmt.Errorf("opensearch: %w", err)
	}
	return s, nil
}

// URL is where the domain answers. The first call opens its port; once Run has
// ended there is only an error.
func (s *Service) URL() (string, error) { return s.port.URL() }

// Opened is the URL if the port is open already, else "".
func (s *Service) Opened() string { return s.port.Opened() }

// Lose makes the domain unreachable until undo: connections are cut off before
// anything is done.
func (s *Service) Lose() (undo func()) { return s.port.Lose() }

// Run serves until ctx ends, then finishes the requests in hand and releases
// port and files. It has to be called once also if the domain is never used.
func (s *Service) Run(ctx context.Context) error {
	return errors.Join(s.port.Serve(ctx, s), s.sources.spill.Close())
}

// SetPressure makes writes meet full queues from now on; the zero Pressure ends that.
func (s *Service) SetPressure(p Pressure) { s.pressure.Store(&p) }

func (s *Service) pressed() Pressure {
	if p := s.pressure.Load(); p != nil {
		return *p
	}
	return Pressure{}
}

func (s *Service) newIndex(name, uuid string, created time.Time) *index {
	return &index{
		name: name, uuid: uuid, created: created, sources: s.sources, data: s.cfg.Data, clock: s.cfg.Clock,
		settings: settings{}, mapping: newMapping(), aliases: map[string]alias{}, docs: map[string]*doc{},
	}
}

// admit counts a write's bytes against the bound; the caller calls done.
func (s *Service) admit(bytes int64) (done func(), err error) {
	now := s.inFlight.Add(bytes)
	done = func() { s.inFlight.Add(-bytes) }
	if s.pressed().Requests || now > s.cfg.InFlightBytesMax && now > bytes {
		done()
		return nil, rejected(fmt.Sprintf("rejected execution of coordinating operation [coordinating_and_primary_bytes=%d, replica_bytes=0, "+
			"all_bytes=%d, coordinating_operation_bytes=%d, max_coordinating_and_primary_bytes=%d]", now-bytes, now-bytes, bytes, s.cfg.InFlightBytesMax))
	}
	return done, nil
}
