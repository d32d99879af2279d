package opensearch

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// ErrClosed is returned by URL once Run has ended.
var ErrClosed = errors.New("the OpenSearch domain has ended with its cloud")

// port is where the service listens, from the first time somebody asks.
type port struct {
	mu       sync.Mutex
	listener net.Listener  // nil until first use
	opened   chan struct{} // closed once listener is set
	closed   bool
}

func checkListen(listen string) error {
	if _, port, err := net.SplitHostPort(listen); err != nil {
		return fmt.Errorf("listen %q: want host:port, such as 127.0.0.1:9200", listen)
	} else if _, err := net.LookupPort("tcp", port); err != nil {
		return fmt.Errorf("listen %q: want a port from 0 to 65535", listen)
	}
	return nil
}

// URL is where the domain answers. The first call opens its port.
func (s *Service) URL() (string, error) {
	s.port.mu.Lock()
	defer s.port.mu.Unlock()
	if s.port.closed {
		return "", ErrClosed
	}
	if s.port.listener == nil {
		listener, err := net.Listen("tcp", s.cfg.Listen)
		if err != nil {
			return "", fmt.Errorf("opensearch listens: %w", err)
		}
		s.port.listener = listener
		close(s.port.opened)
	}
	scheme := "http"
	if s.cfg.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + s.address(), nil
}

// address is the listener's; one for every address is named by its loopback one.
func (s *Service) address() string {
	host, _, _ := net.SplitHostPort(s.cfg.Listen) // checked by New
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, strconv.Itoa(s.port.listener.Addr().(*net.TCPAddr).Port))
}

// Lose makes the domain unreachable until undo: connections are cut off before
// anything is done.
func (s *Service) Lose() (undo func()) {
	s.lost.Add(1)
	var once sync.Once
	return func() { once.Do(func() { s.lost.Add(-1) }) }
}

// drainMax is how long requests in hand may take after Run's ctx ended.
const drainMax = 5 * time.Second

// Run serves until ctx ends, then finishes the requests in hand and releases
// port and files. It has to be called once also if the domain is never used.
func (s *Service) Run(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return s.end()
	case <-s.port.opened:
	}
	requests, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	server := &http.Server{
		Handler: s, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 3 * time.Minute,
		IdleTimeout: 2 * time.Minute, ErrorLog: slog.NewLogLogger(s.cfg.Log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return requests },
	}
	listener := s.port.listener
	if s.cfg.TLS != nil {
		listener = tls.NewListener(listener, s.cfg.TLS)
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	var err error
	select {
	case err = <-served:
	case <-ctx.Done():
		patience, stop := context.WithTimeout(context.WithoutCancel(ctx), drainMax)
		defer stop()
		if server.Shutdown(patience) != nil {
			cancel()
			server.Close()
		}
		err = <-served
	}
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return errors.Join(err, s.end())
}

func (s *Service) end() error {
	s.port.mu.Lock()
	defer s.port.mu.Unlock()
	s.port.closed = true
	if s.port.listener != nil {
		s.port.listener.Close()
	}
	return s.sources.spill.Close()
}
