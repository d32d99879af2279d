package kafka

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud/internal/listen"
)

// gate is the port of one broker. It stays open while the broker is gone, so
// that nobody else comes to have the port, and turns clients away meanwhile.
type gate struct {
	listener net.Listener
	address  string // what clients are told
	tls      *tls.Config
	wall     clock.Clock
	amend    func(q question, answer []byte) []byte
	accepts  sync.WaitGroup

	mu    sync.Mutex
	door  *door // nil while the broker is gone
	conns map[net.Conn]struct{}
}

// openGates opens the ports of all brokers.
func openGates(cfg Config, amend func(q question, answer []byte) []byte) (gates []*gate, err error) {
	host, first, err := net.SplitHostPort(cfg.Listen)
	if err != nil {
		return nil, err
	}
	port, err := net.LookupPort("tcp", first)
	if err != nil {
		return nil, err
	}
	for i := range brokers {
		at := port
		if port != 0 {
			at += i
		}
		listener, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(at)))
		if err != nil {
			for _, g := range gates {
				g.close()
			}
			return nil, fmt.Errorf("broker %d listens: %w", i, err)
		}
		g := &gate{listener: listener, tls: cfg.TLS, wall: cfg.Wall, amend: amend, conns: map[net.Conn]struct{}{}}
		g.address = net.JoinHostPort(listen.Reachable(host), strconv.Itoa(g.port()))
		g.accepts.Go(g.accept)
		gates = append(gates, g)
	}
	return gates, nil
}

func (g *gate) port() int { return g.listener.Addr().(*net.TCPAddr).Port }

// acceptPause is how long to wait where the process has no file left for a connection.
const acceptPause = 10 * time.Millisecond

func (g *gate) accept() {
	for {
		conn, err := g.listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			_ = g.wall.Sleep(context.Background(), acceptPause) // cannot fail
			continue
		}
		stream := conn
		if g.tls != nil {
			stream = tls.Server(conn, g.tls) // the first Read shakes hands
		}
		g.admit(conn, stream)
	}
}

// admit hands a connection to the broker, if that is there.
func (g *gate) admit(conn, stream net.Conn) {
	g.mu.Lock()
	d := g.door
	if d != nil {
		g.conns[conn] = struct{}{}
	}
	g.mu.Unlock()
	guard := newGuarded(stream, func() { g.forget(conn) }, g.wall, g.amend)
	guard.stranger.Store(true)
	if d == nil {
		conn.Close()
		return
	}
	select {
	case d.conns <- guard:
	case <-d.closed:
		_ = guard.Close() // nobody was told of it
	}
}

func (g *gate) forget(conn net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.conns, conn)
}

// pipe is a connection to the broker from inside the process.
func (g *gate) pipe() (net.Conn, error) {
	g.mu.Lock()
	gone := g.door == nil
	g.mu.Unlock()
	if gone {
		return nil, fmt.Errorf("the broker at %s is gone", g.address)
	}
	near, far := net.Pipe()
	g.accepts.Go(func() { g.admit(far, far) }) // ends when the broker takes it, or goes
	return near, nil
}

// open lets clients through to a broker, by the listener that it accepts them from.
func (g *gate) open() net.Listener {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.door = &door{gate: g, conns: make(chan net.Conn), closed: make(chan struct{})}
	return g.door
}

// shut cuts every client off and turns new ones away.
func (g *gate) shut(d *door) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.door != d {
		return // it was shut, and perhaps another opened since
	}
	g.door = nil
	close(d.closed)
	for conn := range g.conns {
		conn.Close()
	}
}

// close gives the port back.
func (g *gate) close() {
	g.listener.Close()
	g.mu.Lock()
	d := g.door
	g.mu.Unlock()
	if d != nil {
		g.shut(d)
	}
	g.accepts.Wait()
}

// door is the listener of one broker from when it comes until it goes.
type door struct {
	gate   *gate
	conns  chan net.Conn
	closed chan struct{}
}

// Accept implements net.Listener.
func (d *door) Accept() (net.Conn, error) {
	select {
	case conn := <-d.conns:
		return conn, nil
	case <-d.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener. A broker that is gone has no clients.
func (d *door) Close() error {
	d.gate.shut(d)
	return nil
}

// Addr is what clients are told.
func (d *door) Addr() net.Addr { return advertised(d.gate.address) }

// advertised is a host and port, the host perhaps a name.
type advertised string

// Network implements net.Addr.
func (advertised) Network() string { return "tcp" }

// String implements net.Addr.
func (a advertised) String() string { return string(a) }
