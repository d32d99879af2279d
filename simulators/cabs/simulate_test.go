package cabs

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"go.uber.org/goleak"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const runID = "r-1.of_2"

// simulate plays a plan against a hub and returns what it recorded.
func simulate(t testing.TB, ctx context.Context, cfg Config, hub http.Handler, plan iter.Seq[scenario.Planned]) (*ledger.Ledger, error) {
	t.Helper()
	server := httptest.NewServer(hub)
	t.Cleanup(server.Close)
	if cfg.BackoffBase == 0 {
		cfg.BackoffBase, cfg.BackoffMax = time.Millisecond, 10*time.Millisecond
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	l := ledger.New()
	now := clock.Wall{}.Now()
	err = s.Simulate(ctx, scenario.Env{
		URL:   func(service string) string { return server.URL + strings.TrimPrefix(service, "hub") },
		RunID: runID, Wall: clock.Wall{}, Sim: clock.Simulated{Epoch: epoch, Origin: now}, Start: now,
		Log: slog.New(slog.DiscardHandler),
	}, plan, l)
	return l, err
}

func atEpoch() time.Time { return epoch }

func testPlan(t testing.TB) iter.Seq[scenario.Planned] {
	return population(t).Plan(5, epoch, scenario.Load{Rate: 400, Devices: 300, For: 20 * time.Second})
}

func TestSimulateThroughFaults(t *testing.T) {
	t.Parallel()
	every := func(n int, f mishap) func(int) mishap {
		return func(request int) mishap {
			if request%n == n-1 {
				return f
			}
			return mishap{}
		}
	}
	for _, c := range []struct {
		name  string
		fault func(int) mishap
		cfg   Config
	}{
		{"none", nil, Config{}},
		{"one gateway", nil, Config{Gateways: 1, BatchMax: 70}},
		{"no gzip", nil, Config{GzipMin: -1}},
		{"busy", every(3, mishap{status(503, "Retry-After", "0"), false}), Config{BatchMax: 50}},
		{"busy after all", every(3, mishap{status(503), true}), Config{BatchMax: 50}},
		{"errors", every(2, mishap{status(500), false}), Config{BatchMax: 50}},
		{"throttled", every(2, mishap{status(429), false}), Config{BatchMax: 50}},
		{"cut before", every(3, mishap{hangUp, false}), Config{BatchMax: 50}},
		{"cut after", every(3, mishap{hangUp, true}), Config{BatchMax: 50}},
		{"silent", func(request int) mishap { return []mishap{{silent, true}, {}}[min(request, 1)] }, Config{AnswerMax: 3 * time.Second}},
		{"unreadable", every(3, mishap{text("<html>"), true}), Config{BatchMax: 50}},
		{"miscounted", every(3, mishap{text(`{"accepted":1}`), true}), Config{BatchMax: 50}},
		{"made-up line", every(3, mishap{text(`{"accepted":1,"refused":[{"line":100000}]}`), true}), Config{BatchMax: 50}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			hub := newHub(atEpoch)
			hub.fault = c.fault
			c.cfg.LongestWait = 10 * time.Minute // nothing is given up, however busy the machine is
			l, err := simulate(t, t.Context(), c.cfg, hub, testPlan(t))
			if err != nil {
				t.Fatal(err)
			}
			checkAnswered(t, l, hub)
			again := false // lines that only a retry can have repeated
			for _, n := range hub.taken {
				again = again || n > 2
			}
			if after := c.fault != nil && (c.fault(2).afterTake || c.fault(0).afterTake); again && !after {
				t.Error("readings were sent more often than they had to be")
			}
			if (hub.gzipped > 0) == (c.cfg.GzipMin < 0) && c.cfg.BatchMax == 0 {
				t.Errorf("%d of %d batches were compressed", hub.gzipped, hub.requests)
			}
		})
	}
}

// checkAnswered compares plan, ledger and hub.
func checkAnswered(t *testing.T, l *ledger.Ledger, hub *fakeHub) {
	t.Helper()
	planned, accepted, repeats := 0, 0, 0
	order := map[string][]int64{}
	for p := range testPlan(t) {
		planned++
		if p.Labels["again"] != "" {
			repeats++
			if hub.taken[p.ID.String()] < 2 {
				t.Errorf("%s was not sent twice", p.ID)
			}
		}
		if p.Labels[event.ExpectLabel] == event.ExpectRefuse {
			want := `field "` + p.Labels[event.FieldLabel] + `"`
			if got, ok := l.RefusalOf(p.ID); !ok || got != want {
				t.Errorf("%s (%s) was refused %v with %q, want %q", p.ID, p.Labels[event.MistakeLabel], ok, got, want)
			}
			continue
		}
		accepted++
		if !l.WasAcknowledged(p.ID) || l.WasRejected(p.ID) || hub.taken[p.ID.String()] == 0 {
			t.Fatalf("%s was not acknowledged", p.ID)
		}
		order[event.CabName(p.ID.Device)] = append(order[event.CabName(p.ID.Device)], int64(p.ID.Seq))
	}
	if l.SentCount() != planned || l.AcknowledgedCount() != accepted || l.RejectedCount() != planned-accepted || repeats == 0 {
		t.Errorf("%d planned, %d sent, %d acknowledged, %d refused", planned, l.SentCount(), l.AcknowledgedCount(), l.RejectedCount())
	}
	if l.Count(ledger.Device).Duplicates != 0 || l.Count(repeated).Distinct != repeats || l.Count(event.AbandonedPoint).Distinct+l.Count(event.OverloadPoint).Distinct != 0 {
		t.Errorf("%d sent twice, %d repeated, want %d", l.Count(ledger.Device).Duplicates, l.Count(repeated).Distinct, repeats)
	}
	if len(hub.runs) != 1 || hub.runs[runID] == 0 {
		t.Errorf("runs %v", hub.runs)
	}
	for cab, want := range order {
		if got := hub.order[cab]; !slices.Equal(got, want) {
			t.Errorf("%s came in the order %v, want the plan's %v", cab, got, want)
		}
	}
}

func TestSimulateGivesUp(t *testing.T) {
	t.Parallel()
	plan := slices.DeleteFunc(slices.Collect(testPlan(t)), func(p scenario.Planned) bool { return p.Labels["again"] != "" })[:100]
	for _, c := range []struct {
		name   string
		answer answerer
		want   string // of the first reading
	}{
		{"a dead hub", status(503), event.AbandonedPoint},
		{"no NDJSON", func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(400)
			_, _ = w.Write([]byte(`{"accepted":0,"refused":[{"line":0,"field":"","value":"\u001f","remedy":"send NDJSON"}]}`))
		}, `the whole body: field ""`},
		{"a curt no", status(400), "the whole body: an unreadable refusal"},
		{"too large", status(413), "the whole body: status 413"},
		{"a refusal without remedy", text(`{"accepted":0,"refused":[{"line":1,"field":"lat","value":"7"}]}`), "a refusal without value or remedy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			hub := newHub(atEpoch)
			hub.fault = func(int) mishap { return mishap{c.answer, false} }
			cfg := Config{BatchMax: 1, GzipMin: -1, Gateways: 100}
			if c.want == event.AbandonedPoint { // runs to the longest wait
				cfg.LongestWait, cfg.AnswerMax = 100*time.Millisecond, 50*time.Millisecond
			}
			l, err := simulate(t, t.Context(), cfg, hub, slices.Values(plan))
			if err != nil {
				t.Fatal(err)
			}
			got, _ := l.RefusalOf(plan[0].ID)
			if l.Has(event.AbandonedPoint, plan[0].ID) {
				got = event.AbandonedPoint
			}
			if got != c.want || l.AcknowledgedCount() != 0 || l.SentCount() != len(plan) {
				t.Errorf("got %q, %d acknowledged; want %q", got, l.AcknowledgedCount(), c.want)
			}
		})
	}
}

// A hub that stalls neither holds up the schedule nor fills memory.
func TestSimulateIsOpen(t *testing.T) {
	t.Parallel()
	stall := make(chan struct{})
	hub := newHub(atEpoch)
	hub.fault = func(int) mishap { <-stall; return mishap{} }
	plan := func(yield func(scenario.Planned) bool) {
		for p := range testPlan(t) {
			if !yield(p) {
				return
			}
		}
		close(stall) // only when everything was due
	}
	const limit = 1000
	l, err := simulate(t, t.Context(), Config{MaxWaiting: limit}, hub, plan)
	if err != nil {
		t.Fatal(err)
	}
	answered := l.AcknowledgedCount() + l.RejectedCount()
	if over := l.Count(event.OverloadPoint).Distinct; answered != limit || over != l.SentCount()-limit {
		t.Errorf("%d answered, %d over the limit, of %d", answered, over, l.SentCount())
	}
}

func TestSimulateLeavesWhenTold(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	hub := newHub(atEpoch)
	hub.fault = func(int) mishap { cancel(); return mishap{status(503), false} }
	if _, err := simulate(t, ctx, Config{}, hub, testPlan(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// transport answers as the function says.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestWhyABatchHasNoAnswerIsSaid(t *testing.T) {
	t.Parallel()
	broken := errors.New("the line is cut")
	for what, answer := range map[string]transport{
		"a batch was not answered": func(*http.Request) (*http.Response, error) { return nil, broken },
		"an answer was cut short": func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(iotest.ErrReader(broken))}, nil
		},
	} {
		var said bytes.Buffer
		g := newGateway(&network{
			cfg: Config{AnswerMax: time.Minute}, client: &http.Client{Transport: answer},
			env: scenario.Env{Log: slog.New(slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelDebug}))},
		}, 0)
		if got, _ := g.attempt(t.Context()); got != nil || !strings.Contains(said.String(), what) || !strings.Contains(said.String(), broken.Error()) {
			t.Errorf("%s: answer %+v, said %s", what, got, said.String())
		}
	}
}

func TestNewSaysEveryProblem(t *testing.T) {
	t.Parallel()
	_, err := New(Config{LingerMax: -1, Gateways: -1})
	if !errors.Is(err, errNegativeDuration) || !errors.Is(err, errNegativeLimit) {
		t.Errorf("got %v", err)
	}
}
