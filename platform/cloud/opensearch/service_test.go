package opensearch

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir/platform/cloud/store/storetest"
)

// bench is a service that is called without a network.
type bench struct {
	t testing.TB
	s *Service
}

func newBench(t testing.TB, cfg Config) bench {
	t.Helper()
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.sources.spill.Close(); err != nil {
			t.Error(err)
		}
	})
	return bench{t, s}
}

// do sends a request and returns the status and the decoded answer.
func (b bench) do(method, path, body string) (int, map[string]any) {
	b.t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(context.Background(), method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	b.s.ServeHTTP(w, r)
	var out map[string]any
	if w.Body.Len() > 0 && w.Body.Bytes()[0] == '{' {
		if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil {
			b.t.Fatalf("%s %s: %v in %s", method, path, err, w.Body)
		}
	}
	return w.Code, out
}

func (b bench) must(method, path, body string) map[string]any {
	b.t.Helper()
	code, out := b.do(method, path, body)
	if code >= 300 {
		b.t.Fatalf("%s %s: %d %v", method, path, code, out)
	}
	return out
}

func (b bench) count(index string) int {
	b.t.Helper()
	return int(b.must("GET", "/"+index+"/_count", "")["count"].(float64))
}

// A document is seen a second after it was written, by whoever looks, and not
// before; -1 never shows it; wait_for answers when it is seen.
func TestRefreshInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		b.must("PUT", "/x/_doc/1", `{"n":1}`)
		time.Sleep(time.Second - 1)
		if n := b.count("x"); n != 0 {
			t.Errorf("%d documents before the second is over", n)
		}
		time.Sleep(time.Nanosecond)
		if n := b.count("x"); n != 1 {
			t.Errorf("%d documents after a second", n)
		}
		b.must("PUT", "/never", `{"settings":{"refresh_interval":"-1"}}`)
		b.must("PUT", "/never/_doc/1", `{"n":1}`)
		time.Sleep(24 * time.Hour)
		if n := b.count("never"); n != 0 {
			t.Errorf("%d documents, though nothing refreshes", n)
		}
		began := time.Now()
		b.must("PUT", "/x/_doc/2?refresh=wait_for", `{"n":2}`)
		if waited := time.Since(began); waited != time.Second || b.count("x") != 2 {
			t.Errorf("waited %s", waited)
		}
		go func() {
			time.Sleep(3 * time.Second)
			b.must("POST", "/never/_refresh", "")
		}()
		began = time.Now()
		b.must("PUT", "/never/_doc/2?refresh=wait_for", `{"n":2}`)
		if waited := time.Since(began); waited != 3*time.Second || b.count("never") != 2 {
			t.Errorf("waited %s for somebody to refresh", waited)
		}
		began = time.Now()
		b.must("POST", "/x/_bulk?refresh=wait_for", "{\"index\":{}}\n{\"n\":3}\n")
		if waited := time.Since(began); waited != time.Second || b.count("x") != 3 {
			t.Errorf("the bulk request waited %s", waited)
		}
	})
}

// The version of a deleted document is remembered for a minute.
func TestDeletedVersions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		b.must("PUT", "/x/_doc/1?version=5&version_type=external", `{"n":1}`)
		b.must("DELETE", "/x/_doc/1?version=9&version_type=external", "")
		if code, _ := b.do("PUT", "/x/_doc/1?version=7&version_type=external", `{"n":1}`); code != http.StatusConflict {
			t.Errorf("an older version: %d", code)
		}
		time.Sleep(time.Minute + 1)
		b.must("PUT", "/x/_doc/2?refresh=true", `{"n":1}`)
		b.must("PUT", "/x/_doc/1?version=7&version_type=external", `{"n":1}`)
	})
}

// Writes beyond the bound of bytes being handled are refused with 429, and one
// alone never is.
func TestBackPressure(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	b := newBench(t, Config{InFlightBytesMax: 100, Guard: func(r *http.Request, _ []byte, op Operation, next func(context.Context) (any, error)) (any, error) {
		if r.URL.Query().Has("timeout") {
			close(entered)
			<-leave
		}
		return next(r.Context())
	}})
	line := "{\"index\":{\"_index\":\"x\"}}\n{\"t\":\"" + strings.Repeat("a", 200) + "\"}\n"
	done := make(chan int)
	go func() {
		code, _ := b.do("POST", "/_bulk?timeout=1m", line)
		done <- code
	}()
	<-entered
	code, out := b.do("POST", "/_bulk", line)
	if failed, _ := out["error"].(map[string]any); code != http.StatusTooManyRequests || failed["type"] != "rejected_execution_exception" {
		t.Errorf("the second write: %d %v", code, out)
	}
	close(leave)
	if code := <-done; code != http.StatusOK {
		t.Errorf("the first write: %d", code)
	}
	b.must("POST", "/_bulk", line)
	if n := b.s.inFlight.Load(); n != 0 {
		t.Errorf("%d bytes stay in flight", n)
	}
	b.s.SetPressure(Pressure{ItemEvery: 2})
	items := b.must("POST", "/_bulk", line+line)["items"].([]any)
	if got := fmt.Sprint(items[0].(map[string]any)["index"].(map[string]any)["status"], items[1].(map[string]any)["index"].(map[string]any)["status"]); got != "201 429" {
		t.Errorf("statuses under pressure: %s", got)
	}
}

// Documents beyond the bound of memory lie in a file and are found there; what
// was replaced leaves neither slots nor room behind.
func TestSourcesLeaveMemory(t *testing.T) {
	t.Parallel()
	t.Run("to a file", func(t *testing.T) {
		t.Parallel()
		sourcesLeaveMemory(t, Config{SourceBytesMax: 1 << 20})
	})
	t.Run("kept by the data directory", func(t *testing.T) {
		t.Parallel()
		disk := storetest.New(t)
		defer disk.Close()
		sourcesLeaveMemory(t, Config{SourceBytesMax: 1 << 20, Data: disk.Data()})
	})
}

func sourcesLeaveMemory(t *testing.T, cfg Config) {
	b := newBench(t, cfg)
	const documents, rounds = 3000, 4
	for round := range rounds {
		var body strings.Builder
		for i := range documents {
			fmt.Fprintf(&body, "{\"index\":{\"_index\":\"x\",\"_id\":\"%d\"}}\n{\"n\":%d,\"round\":%d,\"pad\":\"%s\"}\n", i, i, round, strings.Repeat("x", 1000))
		}
		b.must("POST", "/_bulk?refresh=true", body.String())
		if held := b.s.sources.bytes; held > 1<<20 {
			t.Errorf("round %d: %d bytes of documents in memory", round, held)
		}
	}
	ix := b.s.indexes["x"]
	if len(ix.slots) > documents*2+1024 || ix.liveN != documents {
		t.Errorf("%d slots, %d live", len(ix.slots), ix.liveN)
	}
	for i := 0; i < documents; i += 97 {
		source := b.must("GET", fmt.Sprintf("/x/_doc/%d", i), "")["_source"].(map[string]any)
		if source["n"] != float64(i) || source["round"] != float64(rounds-1) {
			t.Fatalf("document %d: %v", i, source["n"])
		}
	}
	hits := b.must("GET", "/x/_search?size=1000&sort=n", "")["hits"].(map[string]any)["hits"].([]any)
	if len(hits) != 1000 || hits[999].(map[string]any)["_source"].(map[string]any)["n"] != float64(999) {
		t.Errorf("%d hits", len(hits))
	}
	b.must("DELETE", "/x", "")
	if held := b.s.sources.bytes; held != 0 {
		t.Errorf("%d bytes stay after the index", held)
	}
}

// What is missing is refused by name, and never answered with success.
func TestGapsAreNamed(t *testing.T) {
	t.Parallel()
	b := newBench(t, Config{})
	b.must("PUT", "/x/_doc/1?refresh=true", `{"n":1,"d":"2026-11-21"}`)
	for _, try := range []struct{ method, path, body, name string }{
		{"POST", "/_reindex", "{}", "_reindex"},
		{"GET", "/_nodes", "", "_nodes"},
		{"GET", "/_nodes/stats", "", "_nodes"},
		{"POST", "/x/_search?scroll=1m", "", "scroll"},
		{"POST", "/x/_doc/1?routing=a", "{}", "routing"},
		{"POST", "/x/_search", `{"highlight":{}}`, "highlight"},
		{"POST", "/x/_search", `{"query":{"match_phrase":{"t":"a"}}}`, "match_phrase"},
		{"POST", "/x/_search", `{"aggs":{"a":{"top_hits":{}}}}`, "top_hits"},
		{"POST", "/x/_search", `{"aggs":{"a":{"terms":{"field":"n","include":"x"}}}}`, "include"},
		{"POST", "/x/_search", `{"aggs":{"a":{"terms":{"field":"_index"}}}}`, "_index"},
		{"POST", "/x/_search", `{"aggs":{"a":{"max":{"field":"_seq_no"}}}}`, "_seq_no"},
		{"POST", "/x/_search", `{"aggs":{"a":{"terms":{"field":"n","order":{"_count":"asc","_key":"asc"}}}}}`, "order"},
		{"POST", "/x/_search", `{"aggs":{"a":{"range":{"field":"d","ranges":[{"from":1}]}}}}`, "date"},
		{"POST", "/x/_search", `{"sort":["_seq_no"]}`, "_seq_no"},
		{"POST", "/x/_search", `{"aggs":{"a":{"date_histogram":{"field":"d","fixed_interval":"1h","time_zone":"+02:00","extended_bounds":{"min":"2026-11-20"}}}}}`, "extended_bounds"},
		{"POST", "/x/_search", `{"query":{"term":{"_seq_no":0}}}`, "_seq_no"},
		{"POST", "/x/_search", `{"query":{"exists":{"field":"_routing"}}}`, "_routing"},
		{"GET", "/_aliases", "", "_aliases"},
		{"GET", "/x/_doc/1?realtime=false", "", "realtime"},
		{"GET", "/x/_mappings", "", "_mappings"},
		{"POST", "/x/_update/1", `{"script":{"source":"x"}}`, "script"},
		{"PUT", "/y", `{"mappings":{"properties":{"a":{"type":"ip"}}}}`, "ip"},
		{"PUT", "/y", `{"mappings":{"properties":{"a":{"type":"keyword","normalizer":"x"}}}}`, "normalizer"},
		{"POST", "/_aliases", `{"actions":[{"add":{"index":"x","alias":"a","filter":{"match_all":{}}}}]}`, "filter"},
		{"PUT", "/_index_template/t", `{"index_patterns":["t*"],"composed_of":["c"]}`, "composed_of"},
	} {
		code, out := b.do(try.method, try.path, try.body)
		failed, _ := out["error"].(map[string]any)
		if reason, _ := failed["reason"].(string); code != http.StatusNotImplemented || !strings.Contains(reason, try.name) {
			t.Errorf("%s %s %s: %d %v", try.method, try.path, try.body, code, out)
		}
	}
}
