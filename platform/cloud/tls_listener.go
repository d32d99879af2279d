package cloud

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
)

// tlsListener decrypts what it accepts and does not tell net/http, which then
// knows HTTP/2 by the first bytes of a connection. So it serves clients that
// negotiate HTTP/2 and those that begin it without, as Java's clients do and AWS
// lets them; net/http's own TLS serves the former only.
type tlsListener struct {
	net.Listener
	config *tls.Config
}

func (l tlsListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return tlsConn{tls.Server(conn, l.config)}, nil // the first Read shakes hands, within ReadHeaderTimeout
}

// tlsConn is a tls.Conn with no more methods than net/http may see.
type tlsConn struct{ net.Conn }

// Read tells a client that speaks plain HTTP what is wrong.
func (c tlsConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	var record tls.RecordHeaderError
	if errors.As(err, &record) && record.Conn != nil && isHTTP(record.RecordHeader) {
		_, _ = io.WriteString(record.Conn, "HTTP/1.0 400 Bad Request\r\n\r\nThis cloud speaks HTTPS; begin its address with https://\n")
	}
	return n, err
}

// CloseWrite lets a reply be read to its end before the connection goes.
func (c tlsConn) CloseWrite() error { return c.Conn.(*tls.Conn).CloseWrite() }

// isHTTP recognises the beginning of a request line.
func isHTTP(header [5]byte) bool {
	switch string(header[:]) {
	case "GET /", "HEAD ", "POST ", "PUT /", "OPTIO", "DELET", "PRI *":
		return true
	}
	return false
}

type tlsKey struct{}

// withTLS keeps the connection in the context of its calls.
func withTLS(ctx context.Context, conn net.Conn) context.Context {
	if c, ok := conn.(tlsConn); ok {
		return context.WithValue(ctx, tlsKey{}, c.Conn)
	}
	return ctx
}

// markTLS tells a request that it came encrypted, which net/http does not know.
func markTLS(r *http.Request) {
	if conn, ok := r.Context().Value(tlsKey{}).(*tls.Conn); ok {
		state := conn.ConnectionState()
		r.TLS = &state
	}
}
