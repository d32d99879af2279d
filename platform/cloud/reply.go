package cloud

import (
	"errors"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// reply sends the outcome and returns its status, statusDropped for none.
func (x *exchange) reply(out any, err error) int {
	if errors.Is(err, wire.ErrDropReply) {
		return statusDropped
	}
	if errors.Is(err, wire.ErrBodyTooLarge) {
		x.w.Header().Set("Connection", "close")
		x.w.WriteHeader(http.StatusRequestEntityTooLarge)
		return http.StatusRequestEntityTooLarge
	}
	if err != nil {
		return x.send(x.codec.EncodeError(x.call, x.asWireError(x.r.Context(), err)))
	}
	if responder, ok := out.(wire.Responder); ok {
		return x.respond(responder)
	}
	encoded, err := x.codec.Encode(x.call, out)
	if err != nil {
		return x.reply(nil, err)
	}
	return x.send(encoded)
}

func (x *exchange) send(reply wire.Reply) int {
	x.setWriteDeadline(x.cloud.wall.Now().Add(x.cloud.cfg.ReplyWriteMax))
	h := x.w.Header()
	for name, value := range reply.Header {
		h.Set(name, value)
	}
	if len(reply.Body) > 0 {
		h["Content-Type"] = []string{reply.ContentType}
	}
	if reply.Status != http.StatusNoContent {
		h["Content-Length"] = []string{strconv.Itoa(len(reply.Body))}
	}
	x.w.WriteHeader(reply.Status)
	_, _ = x.w.Write(reply.Body) // a caller that left needs no reply
	return reply.Status
}

// setWriteDeadline is a no-op where there is no connection (test recorders).
func (x *exchange) setWriteDeadline(at time.Time) {
	_ = http.NewResponseController(x.w).SetWriteDeadline(at)
}

// respond lets an output write its own response, for as long as it likes. A
// failure before its first byte is answered as an error, a later one cuts the
// connection, so the caller cannot take half a stream for a whole one.
func (x *exchange) respond(responder wire.Responder) (status int) {
	x.setWriteDeadline(time.Time{})
	w := &trackingWriter{ResponseWriter: x.w}
	err := func() (err error) {
		defer func() {
			if p := recover(); p != nil {
				x.cloud.log.Error("cloud: panic in a response", "service", x.call.Service,
					"operation", x.call.Operation, "panic", p, "stack", string(debug.Stack()))
				err = internalFailure()
			}
		}()
		return responder.Respond(x.r.Context(), w)
	}()
	switch {
	case err == nil && w.status == 0:
		return http.StatusOK
	case err == nil:
		return w.status
	case w.status == 0:
		return x.reply(nil, err)
	default:
		return statusDropped
	}
}

// trackingWriter remembers whether the response has begun.
type trackingWriter struct {
	http.ResponseWriter
	status int
}

func (t *trackingWriter) WriteHeader(status int) {
	if t.status == 0 {
		t.status = status
	}
	t.ResponseWriter.WriteHeader(status)
}

func (t *trackingWriter) Write(p []byte) (int, error) {
	if t.status == 0 {
		t.status = http.StatusOK
	}
	return t.ResponseWriter.Write(p)
}

// Flush begins the response if need be.
func (t *trackingWriter) Flush() {
	if t.status == 0 {
		t.status = http.StatusOK
	}
	_ = http.NewResponseController(t.ResponseWriter).Flush()
}

// Unwrap gives http.ResponseController the connection.
func (t *trackingWriter) Unwrap() http.ResponseWriter { return t.ResponseWriter }
