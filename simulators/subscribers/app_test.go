package subscribers

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/location/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeApp answers the attempts of a signup one after the other, the last
// answer again and again.
type fakeApp struct {
	answers []answer

	mu       sync.Mutex
	attempts map[string]int
	requests []string // "POST d000000-000000" or "GET … after …"
}

// answer writes one response to the signup of an id.
type answer func(w http.ResponseWriter, id string)

func (a *fakeApp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var s event.Signup
	_ = json.Unmarshal(body, &s)
	line := r.Method + " " + s.ID
	if r.Method == http.MethodGet {
		s.ID = strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/signups/"), "/offer")
		line = "GET " + s.ID + " after " + r.Header.Get("Last-Event-ID")
	} else if s.RunID != "run-1" || r.URL.Path != "/signups" {
		line += fmt.Sprintf(" of run %q at %s", s.RunID, r.URL.Path)
	}
	if got := r.Header.Get("Accept"); got != "text/event-stream" {
		line += " accepting " + got
	}
	a.mu.Lock()
	a.requests = append(a.requests, line)
	if a.attempts == nil {
		a.attempts = map[string]int{}
	}
	n := a.attempts[s.ID]
	a.attempts[s.ID]++
	a.mu.Unlock()
	a.answers[min(n, len(a.answers)-1)](w, s.ID)
}

func accepted(w http.ResponseWriter, id string) {
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprintf(w, ": hello\n\nid: %s/accepted\nevent: accepted\ndata: {\"id\":%q}\n\n", id, id)
}

func offer(w http.ResponseWriter, id string) {
	data, _ := json.Marshal(event.Offer{ID: id, RunID: "run-1", Country: "CH", PoP: "zrh", Options: []event.Option{{Name: "fiber"}}})
	fmt.Fprintf(w, "id: %s/offer\nevent: offer\ndata: %s\n\n", id, data)
}

var canonical = event.Offer{Country: "CH", PoP: "zrh", Options: []event.Option{{Name: "fiber"}}}.Answer()

// in answers with several parts.
func in(parts ...answer) answer {
	return func(w http.ResponseWriter, id string) {
		for _, part := range parts {
			part(w, id)
		}
	}
}

func text(format string, args ...any) answer {
	return func(w http.ResponseWriter, _ string) { fmt.Fprintf(w, format, args...) }
}

func status(code int, body string) answer {
	return func(w http.ResponseWriter, _ string) {
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(code)
		fmt.Fprint(w, body)
	}
}

// cut breaks the connection in the middle of the answer.
func cut(w http.ResponseWriter, _ string) {
	http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// signups is a plan of n well-formed signups of one device each, due at once.
func signups(n int) []scenario.Planned {
	plan := make([]scenario.Planned, n)
	for i := range plan {
		id := ledger.ID{Device: uint32(i)}
		plan[i] = scenario.Planned{ID: id, Event: event.Signup{ID: id.String(), SchemaVersion: 1}}
	}
	return plan
}

// simulate plays a plan against an app and returns what it recorded.
func simulate(t testing.TB, ctx context.Context, cfg Config, app http.Handler, plan iter.Seq[scenario.Planned]) (*ledger.Ledger, error) {
	t.Helper()
	server := httptest.NewServer(app)
	t.Cleanup(server.Close)
	return simulateAt(t, ctx, cfg, server.URL, plan)
}

func simulateAt(t testing.TB, ctx context.Context, cfg Config, url string, plan iter.Seq[scenario.Planned]) (*ledger.Ledger, error) {
	t.Helper()
	if cfg.BackoffBase == 0 {
		cfg.BackoffBase = time.Millisecond
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	l := ledger.New()
	now := clock.Wall{}.Now()
	err = s.Simulate(ctx, scenario.Env{
		URL:   func(service string) string { return url + strings.TrimPrefix(service, "app") },
		RunID: "run-1", Wall: clock.Wall{}, Sim: clock.Simulated{Epoch: now, Origin: now}, Start: now,
		Log: slog.New(slog.DiscardHandler),
	}, plan, l)
	return l, err
}

func TestSimulateOneSignup(t *testing.T) {
	t.Parallel()
	const id = "d000000-000000"
	again := "GET " + id + " after " + id + "/accepted"
	for _, c := range []struct {
		name     string
		answers  []answer
		outcome  string
		requests []string
		points   string // points besides the device's that have it
	}{
		{
			"offer",
			[]answer{in(accepted, offer)},
			canonical,
			[]string{"POST " + id},
			"acknowledged browser",
		},
		{
			"offer twice",
			[]answer{in(accepted, offer, offer)},
			canonical,
			[]string{"POST " + id},
			"acknowledged browser duplicate",
		},
		{
			"two offers that differ",
			[]answer{in(accepted, offer, text("event: offer\ndata: {\"id\":%q,\"run_id\":\"run-1\",\"country\":\"DE\"}\n\n", id))},
			canonical,
			[]string{"POST " + id},
			"acknowledged browser duplicate conflict",
		},
		{
			"cut before the answer",
			[]answer{cut, in(accepted, offer)},
			canonical,
			[]string{"POST " + id, "POST " + id},
			"acknowledged browser",
		},
		{
			"cut after acceptance",
			[]answer{in(accepted, cut), in(offer)},
			canonical,
			[]string{"POST " + id, again},
			"acknowledged browser",
		},
		{
			"cut within the offer",
			[]answer{in(accepted, text("event: offer\ndata: {\"id\""), cut), in(offer)},
			canonical,
			[]string{"POST " + id, again},
			"acknowledged browser",
		},
		{
			"ends without an answer",
			[]answer{accepted, status(404, ""), in(offer)},
			canonical,
			[]string{"POST " + id, again, again},
			"acknowledged browser",
		},
		{
			"busy",
			[]answer{status(503, "busy"), status(429, "slower"), status(500, ""), in(accepted, offer)},
			canonical,
			[]string{"POST " + id, "POST " + id, "POST " + id, "POST " + id},
			"acknowledged browser",
		},
		{
			"no offer in time",
			[]answer{in(accepted, text("event: timeout\ndata: {}\n\n"))},
			"",
			[]string{"POST " + id},
			"acknowledged timeout",
		},
		{
			"never an offer",
			[]answer{accepted, status(503, "")},
			"",
			nil,
			"acknowledged abandoned",
		},
		{
			"never accepted",
			[]answer{status(503, "")},
			"",
			nil,
			"",
		},
		{
			"refused",
			[]answer{status(400, `{"error":"no","field":"location.latitude","problem":"is missing","remedy":"send it"}`)},
			`refused: field "location.latitude"`,
			[]string{"POST " + id},
			"rejected",
		},
		{
			"refused as a whole",
			[]answer{status(400, `{"error":"no","field":"","problem":"is not JSON","remedy":"send JSON"}`)},
			`refused: field ""`,
			[]string{"POST " + id},
			"rejected",
		},
		{
			"refused without a field",
			[]answer{status(400, `{"error":"no"}`)},
			`refused: a rejection that names no field`,
			[]string{"POST " + id},
			"rejected",
		},
		{
			"too large",
			[]answer{status(413, "")},
			"refused: status 413",
			[]string{"POST " + id},
			"rejected",
		},
		{
			"someone else's offer",
			[]answer{in(accepted, func(w http.ResponseWriter, _ string) { offer(w, "d000001-000000") })},
			"another signup's offer",
			[]string{"POST " + id},
			"acknowledged browser",
		},
		{
			"an offer for elsewhere",
			[]answer{in(accepted, text("event: offer\ndata: {\"id\":%q,\"run_id\":\"run-1\",\"location\":{\"latitude\":1}}\n\n", id))},
			"an offer for another place",
			[]string{"POST " + id},
			"acknowledged browser",
		},
		{
			"rubbish for an offer",
			[]answer{in(accepted, text("event: offer\ndata: <html>\n\n"))},
			"an unreadable offer",
			[]string{"POST " + id},
			"acknowledged browser",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			app := &fakeApp{answers: c.answers}
			cfg := Config{LongestWait: 10 * time.Second}
			if c.requests == nil { // runs to the longest wait
				cfg.LongestWait = 100 * time.Millisecond
			}
			l, err := simulate(t, t.Context(), cfg, app, slices.Values(signups(1)))
			if err != nil {
				t.Fatal(err)
			}
			if got := l.OutcomeOf(ledger.ID{}); got != c.outcome {
				t.Errorf("outcome %q, want %q", got, c.outcome)
			}
			if c.requests != nil && !slices.Equal(app.requests, c.requests) {
				t.Errorf("requests %q, want %q", app.requests, c.requests)
			}
			if got := points(l); got != c.points {
				t.Errorf("points %q, want %q", got, c.points)
			}
			if l.SentCount() != 1 || l.Count(ledger.Device).Duplicates != 0 {
				t.Errorf("sent %d times", l.SentCount())
			}
		})
	}
}

// points lists where the signup of device 0 was seen.
func points(l *ledger.Ledger) string {
	var at []string
	if l.AcknowledgedCount() > 0 {
		at = append(at, "acknowledged")
	}
	if l.RejectedCount() > 0 {
		at = append(at, "rejected")
	}
	for _, point := range []string{event.BrowserPoint, event.TimedOutPoint, event.AbandonedPoint, event.OverloadPoint} {
		if l.Has(point, ledger.ID{}) {
			at = append(at, point)
		}
	}
	if l.Count(event.BrowserPoint).Duplicates > 0 {
		at = append(at, "duplicate")
	}
	if n, _ := l.Conflicts(); n > 0 {
		at = append(at, "conflict")
	}
	return strings.Join(at, " ")
}
