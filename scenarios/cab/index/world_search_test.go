package index

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
	"testing"
)

// ask sends a request to the domain and gives back its answer.
func (w *world) ask(t *testing.T, method, path, body string) map[string]any {
	t.Helper()
	r := must(http.NewRequestWithContext(t.Context(), method, w.search.URL+path, strings.NewReader(body)))(t)
	r.SetBasicAuth(w.search.User, w.search.Password)
	r.Header.Set("Content-Type", "application/json")
	reply := must(w.http.Do(r))(t)
	defer reply.Body.Close() //nolint:errcheck // only read
	text := must(io.ReadAll(reply.Body))(t)
	var answer map[string]any
	if err := json.Unmarshal(text, &answer); err != nil || reply.StatusCode >= 300 {
		t.Fatalf("%s %s: status %d: %.300s", method, path, reply.StatusCode, text)
	}
	return answer
}

// found are the documents there, in the form of shelf.said, and how often each
// was written.
func (w *world) found(t *testing.T) (said map[string]string, writes map[string]float64) {
	t.Helper()
	w.ask(t, "POST", "/cab-*/_refresh", "")
	answer := w.ask(t, "POST", "/cab-*/_search", `{"size":5000,"version":true,"seq_no_primary_term":true}`)
	said, writes = map[string]string{}, map[string]float64{}
	hits := answer["hits"].(map[string]any)["hits"].([]any)
	for _, h := range hits {
		hit := h.(map[string]any)
		key := hit["_index"].(string) + "/" + hit["_id"].(string)
		said[key] = fmt.Sprint(hit["_version"], " ", canonical(t, hit["_source"]))
		writes[key] = hit["_seq_no"].(float64)
	}
	return said, writes
}

// canonical writes JSON with its members sorted.
func canonical(t testing.TB, v any) string {
	t.Helper()
	text := must(json.Marshal(v))(t)
	var plain any
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&plain); err != nil {
		t.Fatal(err)
	}
	return string(must(json.Marshal(plain))(t))
}

// check compares what is there with what must be.
func (w *world) check(t *testing.T) (writes map[string]float64) {
	t.Helper()
	want := map[string]string{}
	for key, d := range w.want {
		want[key] = fmt.Sprint(d.Version, " ", canonical(t, d.Body))
	}
	got, writes := w.found(t)
	if !maps.Equal(got, want) {
		for key, text := range want {
			if got[key] != text {
				t.Errorf("%s: got %s, want %s", key, got[key], text)
			}
			delete(got, key)
		}
		t.Errorf("%d documents that should not be: %.300v", len(got), got)
	}
	return writes
}
