// Package schemaregistry is the embedded cloud's schema registry: Confluent's
// REST API for Avro schemas, with compatibility checked, on a port of its own.
//
// Guarantee: a schema whose registration was answered keeps its id, and an id
// its schema, for good; a schema that its subject's compatibility level forbids
// is refused. With Config.Data that is on disk before the answer. What
// Confluent's registry has and this has not is written in skipped.md.
package schemaregistry

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/weirstream/weir/platform/cloud/internal/listen"
	"github.com/weirstream/weir/platform/cloud/store"
)

// Config sets up a Service; zero fields take defaults.
type Config struct {
	Listen   string      // host:port; "" means 127.0.0.1:0, a free port
	TLS      *tls.Config // nil means plain HTTP
	User     string      // by Basic authentication; "" means test
	Password string      // of User; "" means test
	Data     *store.Data // where schemas are kept; nil keeps them in memory
	Log      *slog.Logger
}

func (cfg Config) withDefaults() Config {
	cfg.Listen = cmp.Or(cfg.Listen, "127.0.0.1:0")
	cfg.User = cmp.Or(cfg.User, "test")
	cfg.Password = cmp.Or(cfg.Password, "test")
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return cfg
}

// Validate says what is wrong; zero fields are fine.
func (cfg Config) Validate() error {
	cfg = cfg.withDefaults()
	return listen.Check(cfg.Listen, "127.0.0.1:8081")
}

// Service is the registry. Its methods are safe for concurrent use.
type Service struct {
	cfg   Config
	books *books
	open  bool // to callers without credentials
	port  *listen.Port
}

// New checks cfg and reads what cfg.Data holds. The port opens at the first
// call of URL.
func New(cfg Config) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("schema registry config: %w", err)
	}
	cfg = cfg.withDefaults()
	s := &Service{cfg: cfg, books: newBooks(cfg.Data), open: isLoopback(cfg.Listen)}
	s.port = listen.New(listen.Config{Service: "schema registry", Listen: cfg.Listen, TLS: cfg.TLS, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second, Log: cfg.Log})
	if err := s.books.restore(); err != nil {
		return nil, fmt.Errorf("schema registry: %w", err)
	}
	return s, nil
}

// isLoopback tells whether only this machine reaches the address.
func isLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// URL is where the registry answers. The first call opens its port; once Run
// has ended there is only an error.
func (s *Service) URL() (string, error) { return s.port.URL() }

// Opened is the URL if the port is open already, else "".
func (s *Service) Opened() string { return s.port.Opened() }

// Lose makes the registry unreachable until undo: connections are cut off
// before anything is done.
func (s *Service) Lose() (undo func()) { return s.port.Lose() }

// Run serves until ctx ends, then finishes the requests in hand. It has to be
// called once also if the registry is never used.
func (s *Service) Run(ctx context.Context) error { return s.port.Serve(ctx, s.handler()) }
