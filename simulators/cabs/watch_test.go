package cabs

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// TestWatchCountsWhatBecomesSearchable shows a cab's readings in two steps. The
// ages of the readings tell in the quantiles which of them were counted, and where.
func TestWatchCountsWhatBecomesSearchable(t *testing.T) {
	t.Parallel()
	var shown atomic.Int64
	shown.Store(-1)
	searches := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query, _ := io.ReadAll(r.Body)
		hit := ""
		if seq := shown.Load(); seq >= 0 {
			hit = fmt.Sprintf(`{"_source":{"cab":"cab-00000001","seq":%d}},{"_source":{"cab":"cab-00000009","seq":5}}`, seq)
		}
		fmt.Fprintf(w, `{"hits":{"hits":[%s]}}`, hit)
		select {
		case searches <- r.URL.Path + " " + string(query):
		default:
		}
	}))
	t.Cleanup(server.Close)
	l := ledger.New()
	now := clock.Wall{}.Now()
	w := newWatch(scenario.Env{
		RunID: "r", Wall: clock.Wall{}, Sim: clock.Simulated{Epoch: epoch, Origin: now, Speed: 1}, Start: now.Add(-time.Hour),
		OpenSearch: func(string) (scenario.Address, error) { return scenario.Address{URL: server.URL}, nil },
		Log:        slog.New(slog.DiscardHandler),
	}, l)
	for seq, expect := range []string{event.ExpectAccept, event.ExpectAccept, event.ExpectRefuse, event.ExpectAccept, event.ExpectAccept, event.ExpectLate} {
		id := ledger.ID{Device: 1, Seq: uint32(seq)}
		l.Sent(id)
		l.Acknowledged(id)
		w.sent(scenario.Planned{ID: id, At: time.Duration(seq) * 10 * time.Minute, Labels: map[string]string{event.ExpectLabel: expect}})
	}
	ended, done := make(chan struct{}), make(chan struct{})
	go func() { defer close(done); w.run(t.Context(), ended) }()
	if search := <-searches; !strings.HasPrefix(search, "/cab-cabs-*/_search ") || !strings.Contains(search, `"cab-00000001"`) || !strings.Contains(search, `"run_id":"r"`) {
		t.Errorf("searched %s", search)
	}
	if len(l.Quantiles()) > 0 {
		t.Errorf("counted before anything was shown: %v", l.Quantiles())
	}
	shown.Store(1)
	await(t, func() bool { _, ok := l.Quantiles()[event.DeviceToSearchable]; return ok })
	shown.Store(4)
	close(ended)
	<-done
	got := l.Quantiles()
	for name, minutes := range map[string]float64{event.DeviceToSearchable: 60, pastGap: 30} {
		if q := got[name]; q.Max < minutes*60_000 || q.Max > minutes*61_500 {
			t.Errorf("%s: got %+v, want at most %g minutes and a little", name, q, minutes)
		}
	}
	if p50 := got[event.DeviceToSearchable].P50; p50 < 50*60_000 {
		t.Errorf("%s: half within %g ms: others than the first two were counted", event.DeviceToSearchable, p50)
	}
}

func await(t *testing.T, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !is(); {
		if time.Now().After(deadline) {
			t.Fatal("it does not come")
		}
		if err := (clock.Wall{}).Sleep(t.Context(), 5*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
}
