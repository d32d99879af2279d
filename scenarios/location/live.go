package location

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/weirstream/weir/platform/clock"
)

const (
	sampleEvery    = 50 * time.Millisecond // 20 offers a second are what an eye can follow
	viewerMessages = 32                    // a viewer that falls behind misses some
	viewersMax     = 200
)

// hub shows the life of the scenario to viewers: a sample of the offers, and
// the figures once a second. It never waits for a viewer.
type hub struct {
	wall    clock.Clock
	count   atomic.Int32
	closing chan struct{}

	mu      sync.Mutex
	viewers map[chan message]struct{}
	last    time.Time
}

type message struct {
	event string
	data  []byte
}

func newHub(wall clock.Clock) *hub {
	return &hub{wall: wall, closing: make(chan struct{}), viewers: map[chan message]struct{}{}}
}

// offer shows an offer if the last shown one is old enough.
func (h *hub) offer(data []byte) {
	if h.count.Load() == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.wall.Now()
	if now.Sub(h.last) < sampleEvery {
		return
	}
	h.last = now
	h.send(message{"offer", data})
}

func (h *hub) stats(data []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.send(message{"stats", data})
}

func (h *hub) send(m message) {
	for viewer := range h.viewers {
		select {
		case viewer <- m:
		default: // dropped: this viewer is slow
		}
	}
}

func (h *hub) add() (chan message, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.viewers) >= viewersMax {
		return nil, false
	}
	viewer := make(chan message, viewerMessages)
	h.viewers[viewer] = struct{}{}
	h.count.Add(1)
	return viewer, true
}

func (h *hub) remove(viewer chan message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.viewers, viewer)
	h.count.Add(-1)
}

// close ends every viewer's response; it is called once.
func (h *hub) close() { close(h.closing) }

// events streams the hub to one viewer.
func (a *App) events(w http.ResponseWriter, r *http.Request) {
	viewer, ok := a.live.add()
	if !ok {
		refuse(w, errFull)
		return
	}
	defer a.live.remove(viewer)
	s := openStream(w, a.env.Wall)
	s.buf = append(s.buf, "retry: 1000\n"...)
	s.add("stats", "", a.snapshot())
	for s.send() == nil {
		select {
		case m := <-viewer:
			s.add(m.event, "", m.data)
		case <-a.live.closing:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// report shows the figures to the viewers once a second.
func (a *App) report(ctx context.Context) error {
	ticker := a.env.Wall.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if a.live.count.Load() > 0 {
				a.live.stats(a.snapshot())
			}
		}
	}
}

// figures count since the app started.
type figures struct {
	signups, answered, duplicates, timeouts, rejected, refused, unreadable atomic.Int64

	mu     sync.Mutex
	recent [1024]time.Duration // of the last deliveries
}

func (f *figures) delivered(took time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.recent[(f.answered.Add(1)-1)%int64(len(f.recent))] = took
}

func quantile(sorted []time.Duration, q float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return float64(sorted[int(q*float64(len(sorted)-1))].Microseconds()) / 1000
}

// snapshot is the body of GET /stats and of a stats event.
func (a *App) snapshot() []byte {
	f := a.figures
	f.mu.Lock()
	recent := slices.Clone(f.recent[:min(f.answered.Load(), int64(len(f.recent)))])
	f.mu.Unlock()
	slices.Sort(recent)
	data, err := json.Marshal(struct {
		Signups    int64   `json:"signups"`
		Waiting    int     `json:"waiting"`
		Delivered  int64   `json:"delivered"`
		Duplicates int64   `json:"duplicates_dropped"`
		Timeouts   int64   `json:"timeouts"`
		Rejected   int64   `json:"rejected"`
		Refused    int64   `json:"refused"`
		Unreadable int64   `json:"unreadable"`
		P50        float64 `json:"p50_ms"`
		P99        float64 `json:"p99_ms"`
	}{
		f.signups.Load(), a.desk.waiting(), f.answered.Load(), f.duplicates.Load(), f.timeouts.Load(),
		f.rejected.Load(), f.refused.Load(), f.unreadable.Load(), quantile(recent, .5), quantile(recent, .99),
	})
	if err != nil {
		return []byte("{}") // numbers always encode
	}
	return data
}

func (a *App) stats(w http.ResponseWriter, _ *http.Request) { reply(w, http.StatusOK, a.snapshot()) }
