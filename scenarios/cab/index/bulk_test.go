package index

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/scenario"
)

// moody is a domain that answers what its mood says, and keeps what it took.
type moody struct {
	mu   sync.Mutex
	mood func(items int) (status int, body string) // status 0: judge item by item
	item func(id string) (status int, kind string)
	kept map[string]int64
	most int // items in one request
}

func (m *moody) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	type action struct {
		Index struct {
			ID      string `json:"_id"`
			Version int64
		}
	}
	var actions []action
	for lines := bufio.NewScanner(r.Body); lines.Scan(); {
		var a action
		if json.Unmarshal(lines.Bytes(), &a) == nil && a.Index.ID != "" {
			actions = append(actions, a)
		}
	}
	m.most = max(m.most, len(actions))
	w.Header().Set("Content-Type", "application/json")
	if status, body := m.mood(len(actions)); status != 0 {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
		return
	}
	errors, results := false, []string{}
	for _, a := range actions {
		status, kind := m.item(a.Index.ID)
		if status == http.StatusCreated {
			if have, ok := m.kept[a.Index.ID]; ok && have >= a.Index.Version {
				status, kind = http.StatusConflict, "version_conflict_engine_exception"
			} else {
				m.kept[a.Index.ID] = a.Index.Version
			}
		}
		errors = errors || status != http.StatusCreated
		failure := ""
		if kind != "" {
			failure = fmt.Sprintf(`,"error":{"type":%q,"reason":"so it is"}`, kind)
		}
		results = append(results, fmt.Sprintf(`{"index":{"_id":%q,"status":%d%s}}`, a.Index.ID, status, failure))
	}
	fmt.Fprintf(w, `{"took":1,"errors":%v,"items":[%s]}`, errors, strings.Join(results, ","))
}

// newMoody serves one and a bulk that writes to it.
func newMoody(t *testing.T, m *moody, cfg BulkConfig) *bulk {
	t.Helper()
	server := httptest.NewServer(m)
	client, release, err := connect(scenario.Address{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	cfg.BackoffMin, cfg.BackoffMax, cfg.LingerMax = time.Millisecond, 5*time.Millisecond, 2*time.Millisecond
	b := newBulk(client, cfg, clock.Wall{}, slog.New(slog.DiscardHandler))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- b.run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		release()
		server.Close()
	})
	return b
}

func some(from, n int) []written {
	all := make([]written, n)
	for i := range all {
		all[i].Document = Document{Index: "x", ID: fmt.Sprint("d", from+i), Version: 1, Body: struct{ N int }{i}}
	}
	return all
}

// TestBulkSettlesEverythingWhateverIsAnswered writes from several sides to a
// domain in all moods.
func TestBulkSettlesEverythingWhateverIsAnswered(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	m := &moody{kept: map[string]int64{}}
	m.mood = func(items int) (int, string) {
		switch rng.IntN(8) {
		case 0:
			return http.StatusTooManyRequests, `{"error":{"type":"rejected_execution_exception","reason":"full"},"status":429}`
		case 1:
			return http.StatusServiceUnavailable, "try later"
		case 2:
			return http.StatusOK, `{"took":1,"errors":true,"items":[]}`
		case 3:
			return http.StatusOK, `{"took":`
		case 4:
			if items > 3 {
				return http.StatusRequestEntityTooLarge, "too much"
			}
		case 5: // no document's fault
			return http.StatusBadRequest, `{"error":{"type":"illegal_argument_exception","reason":"explicit index in bulk is not allowed"},"status":400}`
		}
		return 0, ""
	}
	m.item = func(id string) (int, string) {
		if strings.HasSuffix(id, "7") {
			return http.StatusBadRequest, "mapper_parsing_exception"
		}
		switch rng.IntN(10) {
		case 0:
			return http.StatusTooManyRequests, "rejected_execution_exception"
		case 1:
			return http.StatusServiceUnavailable, "unavailable_shards_exception"
		case 2:
			return http.StatusBadRequest, "validation_exception" // no room for another shard
		case 3:
			return http.StatusForbidden, "cluster_block_exception"
		}
		return http.StatusCreated, ""
	}
	b := newMoody(t, m, BulkConfig{ItemsMax: 20})
	var writers sync.WaitGroup
	for w := range 6 {
		writers.Go(func() {
			for batch := range 10 {
				from := w*1000 + batch*10
				refused, err := b.write(t.Context(), some(from, 10))
				if err != nil || len(refused) != 1 || refused[7] == nil || !strings.Contains(refused[7].Error(), "mapper_parsing_exception: so it is") {
					t.Errorf("from %d: refused %v, error %v", from, refused, err)
				}
			}
		})
	}
	writers.Wait()
	if len(m.kept) != 6*10*9 {
		t.Errorf("%d documents are there", len(m.kept))
	}
	if s := &b.stats; s.written.Load()+s.outdated.Load() != 540 || s.refused.Load() != 60 || s.retried.Load() == 0 {
		t.Errorf("written %d, outdated %d, refused %d, retried %d", s.written.Load(), s.outdated.Load(), s.refused.Load(), s.retried.Load())
	}
	if m.most > 20+10 {
		t.Errorf("a request with %d items", m.most)
	}
}

func TestBulkWaitsNoLongerThanItsCaller(t *testing.T) {
	t.Parallel()
	m := &moody{mood: func(int) (int, string) { return http.StatusTooManyRequests, "full" }}
	b := newMoody(t, m, BulkConfig{})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := b.write(ctx, some(0, 1)); err == nil {
		t.Error("it is said to be written")
	}
}

func TestTooLargeADocumentIsRefused(t *testing.T) {
	t.Parallel()
	m := &moody{mood: func(int) (int, string) { return http.StatusRequestEntityTooLarge, "too much" }}
	b := newMoody(t, m, BulkConfig{})
	refused, err := b.write(t.Context(), some(0, 3))
	if err != nil || len(refused) != 3 || !strings.Contains(refused[0].Error(), "status 413") {
		t.Errorf("refused %v, error %v", refused, err)
	}
}

// TestADocumentThatIsNoJSONIsRefused has one among others, and one alone.
func TestADocumentThatIsNoJSONIsRefused(t *testing.T) {
	t.Parallel()
	m := &moody{
		kept: map[string]int64{},
		mood: func(int) (int, string) { return 0, "" }, item: func(string) (int, string) { return http.StatusCreated, "" },
	}
	b := newMoody(t, m, BulkConfig{})
	documents := some(0, 3)
	documents[1].Body = struct{ Speed float64 }{math.NaN()}
	for _, all := range [][]written{documents, documents[1:2]} {
		refused, err := b.write(t.Context(), all)
		if err != nil || len(refused) != 1 {
			t.Errorf("of %d refused %v, error %v", len(all), refused, err)
		}
	}
	if len(m.kept) != 2 {
		t.Errorf("%d documents are there", len(m.kept))
	}
}

func TestBulkConfigIsChecked(t *testing.T) {
	t.Parallel()
	if _, err := New(Config{Bulk: BulkConfig{ItemsMax: -1}}); err == nil {
		t.Error("taken")
	}
}
