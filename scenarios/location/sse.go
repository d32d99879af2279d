package location

import (
	"net/http"
	"strings"
	"time"

	"github.com/weirstream/weir/platform/clock"
)

// stream writes server-sent events. Events of one send go out in one write.
type stream struct {
	w    http.ResponseWriter
	ctrl *http.ResponseController
	wall clock.Clock
	buf  []byte
}

// writeMax is how long one write may block on a client that does not read.
const writeMax = 10 * time.Second

func wantsEvents(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/event-stream")
}

func openStream(w http.ResponseWriter, wall clock.Clock) *stream {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // a proxy in front must not collect events
	return &stream{w: w, ctrl: http.NewResponseController(w), wall: wall}
}

// add appends an event; data must be one line. An event without id leaves the
// browser's Last-Event-ID as it is.
func (s *stream) add(event, id string, data []byte) {
	if id != "" {
		s.buf = append(s.buf, "id: "...)
		s.buf = append(s.buf, id...)
		s.buf = append(s.buf, '\n')
	}
	s.buf = append(s.buf, "event: "...)
	s.buf = append(s.buf, event...)
	s.buf = append(s.buf, "\ndata: "...)
	s.buf = append(s.buf, data...)
	s.buf = append(s.buf, "\n\n"...)
}

// comment appends a line that clients ignore; it opens the stream.
func (s *stream) comment(text string) {
	s.buf = append(append(append(s.buf, ": "...), text...), "\n\n"...)
}

// send writes what was added; an error means that the client is gone.
func (s *stream) send() error {
	if err := s.end(); err != nil {
		return err
	}
	return s.ctrl.Flush()
}

// end writes what was added together with the response's end, which the caller
// must bring about by returning: one write instead of two.
func (s *stream) end() error {
	// A recorder in a test has no deadlines; a connection always has.
	_ = s.ctrl.SetWriteDeadline(s.wall.Now().Add(writeMax))
	_, err := s.w.Write(s.buf)
	s.buf = s.buf[:0]
	return err
}
