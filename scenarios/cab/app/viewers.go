package app

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weirstream/weir/platform/clock"
)

const (
	viewerMessages = 8 // that a browser may be behind before it is told everything anew
	writeMax       = 10 * time.Second
)

// viewers are the browsers that look on. Nothing here waits for one of them.
type viewers struct {
	most    int
	closing chan struct{}

	mu  sync.Mutex
	all map[*viewer]struct{}
	n   atomic.Int32
}

// viewer is one browser. stale asks for the whole state instead of what waits.
type viewer struct {
	messages chan []byte
	stale    chan struct{}
}

func newViewers(most int) *viewers {
	return &viewers{most: most, closing: make(chan struct{}), all: map[*viewer]struct{}{}}
}

// add takes a browser in, which is stale at first; false if there are too many.
func (v *viewers) add() (*viewer, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.all) >= v.most {
		return nil, false
	}
	one := &viewer{messages: make(chan []byte, viewerMessages), stale: make(chan struct{}, 1)}
	one.stale <- struct{}{}
	v.all[one] = struct{}{}
	v.n.Add(1)
	return one, true
}

func (v *viewers) remove(one *viewer) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.all, one)
	v.n.Add(-1)
}

// any tells whether anybody looks on.
func (v *viewers) any() bool { return v.n.Load() > 0 }

// tell gives a message to all; who has no room becomes stale.
func (v *viewers) tell(message []byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for one := range v.all {
		select {
		case one.messages <- message:
		default:
			one.mark()
		}
	}
}

// renew makes all of them stale.
func (v *viewers) renew() {
	v.mu.Lock()
	defer v.mu.Unlock()
	for one := range v.all {
		one.mark()
	}
}

func (one *viewer) mark() {
	select {
	case one.stale <- struct{}{}:
	default: // is already
	}
}

// drop forgets what waits: the whole state is newer.
func (one *viewer) drop() {
	for {
		select {
		case <-one.messages:
		default:
			return
		}
	}
}

// close ends every browser's stream; it is called once.
func (v *viewers) close() { close(v.closing) }

// events streams the news to one browser as server-sent events.
func (a *App) events(w http.ResponseWriter, r *http.Request) {
	one, ok := a.viewers.add()
	if !ok {
		w.Header().Set("Retry-After", "10")
		http.Error(w, "too many browsers look on; close one", http.StatusServiceUnavailable)
		return
	}
	defer a.viewers.remove(one)
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // a proxy in front must not collect events
	s := &stream{w: w, ctrl: http.NewResponseController(w), wall: a.env.Wall}
	s.buf = append(s.buf, "retry: 1000\n\n"...)
	for {
		select { // the whole state goes before what waits
		case <-one.stale:
			one.drop()
			s.event(a.encode(a.store.all()))
		default:
			select {
			case <-one.stale:
				one.drop()
				s.event(a.encode(a.store.all()))
			case message := <-one.messages:
				s.event(message)
			case <-a.viewers.closing:
				return
			case <-r.Context().Done():
				return
			}
		}
		if s.send() != nil {
			return // it has gone, or reads nothing
		}
	}
}

// stream writes server-sent events.
type stream struct {
	w    http.ResponseWriter
	ctrl *http.ResponseController
	wall clock.Clock
	buf  []byte
}

// event adds one; data is one line.
func (s *stream) event(data []byte) {
	s.buf = append(append(append(s.buf, "data: "...), data...), "\n\n"...)
}

// send writes what was added.
func (s *stream) send() error {
	// A recorder in a test has no deadlines; a connection always has.
	_ = s.ctrl.SetWriteDeadline(s.wall.Now().Add(writeMax))
	if _, err := s.w.Write(s.buf); err != nil {
		return err
	}
	s.buf = s.buf[:0]
	return s.ctrl.Flush()
}
