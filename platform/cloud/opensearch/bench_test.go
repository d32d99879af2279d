package opensearch

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
)

// bulkBody is so many small documents, as the cab scenario's zones have them.
func bulkBody(from, documents int) string {
	var body strings.Builder
	for i := from; i < from+documents; i++ {
		fmt.Fprintf(&body, "{\"index\":{\"_id\":\"zone-%d-%d|%d\",\"version\":1,\"version_type\":\"external\"}}\n", i%8, i/8%8, i)
		fmt.Fprintf(&body, "{\"run_id\":\"r-1\",\"zone\":\"zone-%d-%d\",\"window_start\":%d,\"events\":%d,\"hired\":%d,\"speed\":%.1f}\n",
			i%8, i/8%8, 1_795_219_200_000+int64(i)*60, i%97, i%31, float64(i%600)/10)
	}
	return body.String()
}

const benchMapping = `{"settings":{"refresh_interval":"1s"},"mappings":{"properties":{"run_id":{"type":"keyword"},"zone":{"type":"keyword"},"window_start":{"type":"date"},"events":{"type":"long"},"hired":{"type":"long"},"speed":{"type":"double"}}}}`

func BenchmarkBulk(b *testing.B) {
	const batch = 1000
	bodies := make([]string, 64)
	for i := range bodies {
		bodies[i] = bulkBody(i*batch, batch)
	}
	bench := newBench(b, Config{})
	n := 0
	for b.Loop() {
		if n%len(bodies) == 0 {
			bench.do("DELETE", "/x", "")
			bench.must("PUT", "/x", benchMapping)
		}
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(b.Context(), "POST", "/x/_bulk", strings.NewReader(bodies[n%len(bodies)]))
		r.Header.Set("Content-Type", "application/x-ndjson")
		bench.s.ServeHTTP(w, r)
		if !bytes.Contains(w.Body.Bytes(), []byte(`"errors":false`)) {
			b.Fatal(w.Body)
		}
		n++
	}
	b.ReportMetric(float64(n*batch)/b.Elapsed().Seconds(), "docs/s")
}

// BenchmarkSearch counts a million documents by zone and time, with a maximum
// inside.
func BenchmarkSearch(b *testing.B) {
	bench := newBench(b, Config{})
	bench.must("PUT", "/x", benchMapping)
	for from := 0; from < 1_000_000; from += 10_000 {
		bench.must("POST", "/x/_bulk", bulkBody(from, 10_000))
	}
	bench.must("POST", "/x/_refresh", "")
	for _, search := range []struct{ name, body string }{
		{"terms+date_histogram", `{"size":0,"aggs":{"z":{"terms":{"field":"zone","size":64},"aggs":{"t":{"date_histogram":{"field":"window_start","fixed_interval":"1h"},"aggs":{"m":{"max":{"field":"speed"}}}}}}}}`},
		{"filter+sort", `{"query":{"bool":{"filter":[{"term":{"zone":"zone-3-3"}},{"range":{"window_start":{"gte":"2026-11-21T06:00:00Z"}}}]}},"sort":[{"events":"desc"},{"window_start":"asc"}],"size":50}`},
	} {
		b.Run(search.name, func(b *testing.B) {
			for b.Loop() {
				if total := bench.must("POST", "/x/_search", search.body)["hits"].(map[string]any)["total"].(map[string]any)["value"]; total == float64(0) {
					b.Fatal("nothing found")
				}
			}
		})
	}
}
