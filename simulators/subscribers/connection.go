package subscribers

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// connections are those to the app that are open. Each carries one request at
// a time, written and read by the goroutine of the device that asks: with
// net/http's transport, which gives each connection two goroutines of its own,
// a signup costs a third more, its server's share included.
//
// The number open is bounded by whoever asks, see crowd.conns.
type connections struct {
	dial func(ctx context.Context) (net.Conn, error)

	mu     sync.Mutex
	open   map[*connection]struct{}
	idle   []*connection // most recently used last
	closed bool
}

type connection struct {
	net.Conn
	r    *bufio.Reader
	w    *bufio.Writer
	used bool // it has carried a request before
}

// connectionsTo dials the host of an http or https address.
func connectionsTo(address string) (*connections, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("address of the app: %w", err)
	}
	dial, port := (&net.Dialer{}).DialContext, "80"
	if u.Scheme == "https" {
		dial, port = (&tls.Dialer{}).DialContext, "443"
	}
	if u.Port() != "" {
		port = u.Port()
	}
	host := net.JoinHostPort(u.Hostname(), port)
	return &connections{
		dial: func(ctx context.Context) (net.Conn, error) { return dial(ctx, "tcp", host) },
		open: map[*connection]struct{}{},
	}, nil
}

// do sends request and reads the head of the answer, whose body must be closed.
// What the server closed while it was idle is found out by using it: then the
// request goes out again on a new connection.
func (c *connections) do(request *http.Request) (*http.Response, error) {
	for {
		conn, err := c.take(request.Context())
		if err != nil {
			return nil, err
		}
		response, silent, err := conn.exchange(request)
		if err == nil {
			response.Body = &answerBody{ReadCloser: response.Body, from: c, conn: conn, last: response.Close}
			return response, nil
		}
		c.drop(conn)
		if !silent || !conn.used || request.Context().Err() != nil {
			return nil, fmt.Errorf("%s %s: %w", request.Method, request.URL, err)
		}
		c.forgetIdle() // they are as old
		if request.GetBody == nil {
			continue
		}
		if request.Body, err = request.GetBody(); err != nil {
			return nil, err
		}
	}
}

// exchange leaves the answer's body unread; silent says that no byte of the
// answer came.
func (c *connection) exchange(request *http.Request) (response *http.Response, silent bool, err error) {
	deadline, _ := request.Context().Deadline()
	if err := c.SetDeadline(deadline); err != nil {
		return nil, true, err
	}
	if err := request.Write(c.w); err != nil {
		return nil, true, err
	}
	if err := c.w.Flush(); err != nil {
		return nil, true, err
	}
	if _, err := c.r.Peek(1); err != nil {
		return nil, true, err
	}
	response, err = http.ReadResponse(c.r, request)
	return response, false, err
}

func (c *connections) take(ctx context.Context) (*connection, error) {
	c.mu.Lock()
	if n := len(c.idle); n > 0 {
		conn := c.idle[n-1]
		c.idle = c.idle[:n-1]
		c.mu.Unlock()
		return conn, nil
	}
	c.mu.Unlock()
	raw, err := c.dial(ctx)
	if err != nil {
		return nil, err
	}
	conn := &connection{Conn: raw, r: bufio.NewReaderSize(raw, 4<<10), w: bufio.NewWriterSize(raw, 2<<10)}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		_ = raw.Close()
		return nil, net.ErrClosed
	}
	c.open[conn] = struct{}{}
	return conn, nil
}

// keep makes a connection idle whose answer was read to its end.
func (c *connections) keep(conn *connection) {
	conn.used = true
	c.mu.Lock()
	defer c.mu.Unlock()
	c.idle = append(c.idle, conn)
}

func (c *connections) drop(conn *connection) {
	_ = conn.Close() // its work is done or lost
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, conn)
}

func (c *connections) forgetIdle() {
	c.mu.Lock()
	idle := c.idle
	c.idle = nil
	c.mu.Unlock()
	for _, conn := range idle {
		c.drop(conn)
	}
}

// close cuts every connection, and so whatever waits for an answer.
func (c *connections) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for conn := range c.open {
		_ = conn.SetDeadline(time.Unix(1, 0)) // whoever reads it drops it
	}
	for _, conn := range c.idle {
		_ = conn.Close()
	}
	c.idle = nil
}

// answerBody gives its connection back when it is closed after its end was read.
type answerBody struct {
	io.ReadCloser
	from  *connections
	conn  *connection
	last  bool // the server wants no more requests on it
	whole bool
}

func (b *answerBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.whole = b.whole || err == io.EOF
	return n, err
}

// Close is called once.
func (b *answerBody) Close() error {
	if b.whole && !b.last {
		b.from.keep(b.conn)
		return nil
	}
	b.from.drop(b.conn)
	return nil
}
