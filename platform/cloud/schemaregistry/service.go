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
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

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
	if _, port, err := net.SplitHostPort(cfg.Listen); err != nil {
		return fmt.Errorf("listen %q: want host:port, such as 127.0.0.1:8081", cfg.Listen)
	} else if _, err := net.LookupPort("tcp", port); err != nil {
		return fmt.Errorf("listen %q: want a port from 0 to 65535", cfg.Listen)
	}
	return nil
}

// ErrClosed is returned by URL once Run has ended.
var ErrClosed = errors.New("the schema registry has ended with its cloud")

// Service is the registry. Its methods are safe for concurrent use.
type Service struct {
	cfg    Config
	books  *books
	open   bool // to callers without credentials
	lost   atomic.Int32
	opened chan struct{} // closed once listener is set

	mu       sync.Mutex
	listener net.Listener // nil until first use
	closed   bool
}

// New checks cfg and reads what cfg.Data holds. The port opens at the first
// call of URL.
func New(cfg Config) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("schema registry config: %w", err)
	}
	cfg = cfg.withDefaults()
	s := &Service{cfg: cfg, books: newBooks(cfg.Data), open: isLoopback(cfg.Listen), opened: make(chan struct{})}
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

// URL is where the registry answers. The first call opens its port.
func (s *Service) URL() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return "", ErrClosed
	}
	if s.listener == nil {
		listener, err := net.Listen("tcp", s.cfg.Listen)
		if err != nil {
			return "", fmt.Errorf("schema registry listens: %w", err)
		}
		s.listener = listener
		close(s.opened)
	}
	scheme := "http"
	if s.cfg.TLS != nil {
		scheme = "https"
	}
	host, _, _ := net.SplitHostPort(s.cfg.Listen) // checked by New
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	port := s.listener.Addr().(*net.TCPAddr).Port
	return scheme + "://" + net.JoinHostPort(host, strconv.Itoa(port)), nil
}

// Lose makes the registry unreachable until undo: connections are cut off
// before anything is done.
func (s *Service) Lose() (undo func()) {
	s.lost.Add(1)
	var once sync.Once
	return func() { once.Do(func() { s.lost.Add(-1) }) }
}

// drainMax is how long requests in hand may take after Run's ctx ended.
const drainMax = 5 * time.Second

// Run serves until ctx ends, then finishes the requests in hand. It has to be
// called once also if the registry is never used.
func (s *Service) Run(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return s.close()
	case <-s.opened:
	}
	server := &http.Server{
		Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second,
		IdleTimeout: 2 * time.Minute, ErrorLog: slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelDebug),
	}
	listener := s.listener
	if s.cfg.TLS != nil {
		listener = tls.NewListener(listener, s.cfg.TLS)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	var err error
	select {
	case err = <-served:
	case <-ctx.Done():
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainMax)
		defer cancel()
		if server.Shutdown(patience) != nil {
			server.Close()
		}
		err = <-served
	}
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return errors.Join(err, s.close())
}

func (s *Service) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.listener != nil {
		s.listener.Close()
	}
	return nil
}
