package subscribers

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/location/event"
)

func TestSimulateBoundsAndReusesConnections(t *testing.T) {
	t.Parallel()
	const n, limit = 500, 4
	var open, most, made atomic.Int64
	app := &fakeApp{answers: []answer{in(accepted, offer)}}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		now := open.Add(1)
		for seen := most.Load(); now > seen && !most.CompareAndSwap(seen, now); seen = most.Load() {
		}
		app.ServeHTTP(w, r)
		open.Add(-1)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			made.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	l, err := simulateAt(t, t.Context(), Config{MaxConns: limit}, server.URL, slices.Values(signups(n)))
	if err != nil {
		t.Fatal(err)
	}
	if got := l.Count(event.BrowserPoint).Distinct; got != n {
		t.Errorf("%d offers, want %d", got, n)
	}
	// A connection comes back to the pool a moment after its answer was read to
	// the end, so a few more than the limit may be made, not one per signup.
	if most.Load() > limit || made.Load() > 10*limit {
		t.Errorf("%d at once and %d connections, want at most %d and few more", most.Load(), made.Load(), limit)
	}
}

func TestSimulateNeverBlocksTheSchedule(t *testing.T) {
	t.Parallel()
	const n, limit = 50, 10
	release := make(chan struct{})
	app := &fakeApp{answers: []answer{in(accepted, func(w http.ResponseWriter, id string) {
		http.NewResponseController(w).Flush()
		<-release
		offer(w, id)
	})}}
	due := func(yield func(scenario.Planned) bool) {
		defer close(release) // only once all were handed over: a schedule that waits would hang here
		for _, p := range signups(n) {
			if !yield(p) {
				return
			}
		}
	}
	l, err := simulate(t, t.Context(), Config{MaxWaiting: limit}, app, due)
	if err != nil {
		t.Fatal(err)
	}
	if got := l.Count(event.OverloadPoint).Distinct; got != n-limit || l.SentCount() != n {
		t.Errorf("%d of %d over the limit, want %d", got, l.SentCount(), n-limit)
	}
	if got := l.Count(event.BrowserPoint).Distinct; got != limit {
		t.Errorf("%d offers, want %d", got, limit)
	}
}

func TestSimulateLeavesWhenCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var once sync.Once
	app := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		accepted(w, "")
		http.NewResponseController(w).Flush()
		once.Do(cancel)
		<-r.Context().Done()
	})
	_, err := simulate(t, ctx, Config{LongestWait: time.Hour}, app, slices.Values(signups(5)))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestSimulateSurvivesAnUnreachableApp(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	l, err := simulateAt(t, t.Context(), Config{LongestWait: 50 * time.Millisecond}, server.URL, slices.Values(signups(3)))
	if err != nil {
		t.Fatal(err)
	}
	if l.SentCount() != 3 || l.AcknowledgedCount() != 0 || l.Count(event.AbandonedPoint).Distinct != 0 {
		t.Errorf("sent %d, accepted %d, abandoned %d", l.SentCount(), l.AcknowledgedCount(), l.Count(event.AbandonedPoint).Distinct)
	}
}

func TestLatenciesCountFromTheSchedule(t *testing.T) {
	t.Parallel()
	plan := signups(1)
	plan[0].At = -time.Minute // overdue
	l, err := simulate(t, t.Context(), Config{LongestWait: time.Hour}, &fakeApp{answers: []answer{in(accepted, offer)}}, slices.Values(plan))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{sendLag, connWait, toAccept, event.SignupToOffer} {
		if q := l.Quantiles()[name]; q.P50 < 60_000 || q.P50 > 120_000 {
			t.Errorf("%s is %v ms, want a minute and a little", name, q.P50)
		}
	}
}

func TestConfigSaysEveryProblem(t *testing.T) {
	t.Parallel()
	_, err := New(Config{LongestWait: -1, MaxConns: -1})
	if err == nil || !errors.Is(err, errNegativeLimit) || !errors.Is(err, errNegativeDuration) {
		t.Errorf("got %v", err)
	}
}

// BenchmarkSimulate plays signups as fast as the app of the same process
// answers them: one operation is a signup with its server's share.
func BenchmarkSimulate(b *testing.B) {
	answer := in(accepted, offer)
	app := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		answer(w, string(body[7:7+len("d000000-000000")]))
	})
	server := httptest.NewServer(app)
	defer server.Close()
	s := population(b)
	b.ReportAllocs()
	b.ResetTimer()
	plan := func(yield func(scenario.Planned) bool) {
		n := 0
		for p := range s.Plan(1, epoch, scenario.Load{Rate: 5000, Devices: 10_000, For: time.Hour}) {
			if _, ok := p.Event.([]byte); ok {
				continue
			}
			if n++; n > b.N || !yield(p) {
				return
			}
		}
	}
	l, err := simulateAt(b, b.Context(), Config{MaxConns: 256, MaxWaiting: b.N, LongestWait: time.Hour}, server.URL, plan)
	if err != nil || l.Count(event.BrowserPoint).Distinct != b.N {
		b.Fatalf("%d of %d offers: %v", l.Count(event.BrowserPoint).Distinct, b.N, err)
	}
}
