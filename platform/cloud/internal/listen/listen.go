// Package listen has the port of an HTTP service open when somebody first
// asks where the service answers.
package listen

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
	"sync/atomic"
	"time"
)

// Config says which port, and for how long it waits for a client.
type Config struct {
	Service      string        // as errors name it
	Listen       string        // host:port, checked by Check; port 0 is a free one
	TLS          *tls.Config   // nil means plain HTTP
	ReadTimeout  time.Duration // of a request
	WriteTimeout time.Duration // of a request and its answer
	Log          *slog.Logger
}

// Port is safe for concurrent use.
type Port struct {
	cfg    Config
	lost   atomic.Int32
	opened chan struct{} // closed once listener is set

	mu       sync.Mutex
	listener net.Listener // nil until first use
	closed   bool
}

// New opens nothing.
func New(cfg Config) *Port { return &Port{cfg: cfg, opened: make(chan struct{})} }

// Check says what is wrong with an address to listen at; example is a right one.
func Check(address, example string) error {
	if _, port, err := net.SplitHostPort(address); err != nil {
		return fmt.Errorf("listen %q: want host:port, such as %s", address, example)
	} else if _, err := net.LookupPort("tcp", port); err != nil {
		return fmt.Errorf("listen %q: want a port from 0 to 65535", address)
	}
	return nil
}

// Reachable names a host that listens on every address by its loopback one.
func Reachable(host string) string {
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		return "127.0.0.1"
	}
	return host
}

// URL is where the service answers. The first call opens the port. Once Serve
// has returned there is only an error.
func (p *Port) URL() (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return "", fmt.Errorf("the %s has ended with its cloud", p.cfg.Service)
	}
	if p.listener == nil {
		listener, err := net.Listen("tcp", p.cfg.Listen)
		if err != nil {
			return "", fmt.Errorf("%s listens: %w", p.cfg.Service, err)
		}
		p.listener = listener
		close(p.opened)
	}
	return p.url(), nil
}

// Opened is URL where somebody has asked for that already, else "".
func (p *Port) Opened() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener == nil || p.closed {
		return ""
	}
	return p.url()
}

func (p *Port) url() string {
	scheme := "http"
	if p.cfg.TLS != nil {
		scheme = "https"
	}
	host, _, _ := net.SplitHostPort(p.cfg.Listen) // checked
	number := p.listener.Addr().(*net.TCPAddr).Port
	return scheme + "://" + net.JoinHostPort(Reachable(host), strconv.Itoa(number))
}

// Lose makes the service unreachable until undo: connections are cut off before
// anything is done.
func (p *Port) Lose() (undo func()) {
	p.lost.Add(1)
	var once sync.Once
	return func() { once.Do(func() { p.lost.Add(-1) }) }
}

// drainMax is how long requests in hand may take after Serve's ctx ended.
const drainMax = 5 * time.Second

// Serve has requests handled until ctx ends, then finishes those in hand and
// gives the port back. It has to be called once also if nobody asks for URL.
func (p *Port) Serve(ctx context.Context, handler http.Handler) error {
	defer p.close()
	select {
	case <-ctx.Done():
		return nil
	case <-p.opened:
	}
	requests, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	server := &http.Server{
		Handler: p.unlessLost(handler), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: p.cfg.ReadTimeout, WriteTimeout: p.cfg.WriteTimeout,
		IdleTimeout: 2 * time.Minute, ErrorLog: slog.NewLogLogger(p.cfg.Log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return requests },
	}
	listener := p.listener
	if p.cfg.TLS != nil {
		listener = tls.NewListener(listener, p.cfg.TLS)
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
		return nil
	}
	return err
}

func (p *Port) unlessLost(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.lost.Load() > 0 {
			panic(http.ErrAbortHandler) // net/http's way to close without a reply
		}
		handler.ServeHTTP(w, r)
	})
}

func (p *Port) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.listener != nil {
		p.listener.Close()
	}
}
