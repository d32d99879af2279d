package cabs

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/weirstream/weir/scenarios/cab/event"
)

// fakeHub takes batches as the contract in package event says, and fails some.
type fakeHub struct {
	now func() time.Time
	// fault answers the nth request (from 0) in place of the hub, before or
	// after it took the lines; nil lets it be.
	fault func(n int) mishap

	mu       sync.Mutex
	requests int
	gzipped  int
	taken    map[string]int // accepted lines by id
	order    map[string][]int64
	refused  map[string]int // by field
	runs     map[string]int
}

type mishap struct {
	answer    answerer
	afterTake bool
}

type answerer func(w http.ResponseWriter, r *http.Request)

func newHub(now func() time.Time) *fakeHub {
	return &fakeHub{
		now: now, taken: map[string]int{}, order: map[string][]int64{}, refused: map[string]int{}, runs: map[string]int{},
	}
}

func (h *fakeHub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err == nil && r.Header.Get("Content-Encoding") == "gzip" {
		var z *gzip.Reader
		if z, err = gzip.NewReader(bytes.NewReader(body)); err == nil {
			body, err = io.ReadAll(z)
		}
	}
	h.mu.Lock()
	n := h.requests
	h.requests++
	if r.Header.Get("Content-Encoding") == "gzip" {
		h.gzipped++
	}
	h.mu.Unlock()
	var f mishap
	if h.fault != nil {
		f = h.fault(n)
	}
	if f.answer != nil && !f.afterTake {
		f.answer(w, r)
		return
	}
	if err != nil || r.URL.Path != event.TelemetryPath || r.Header.Get("Content-Type") != event.NDJSON {
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(event.Receipt{Refused: []event.Refusal{{Value: r.URL.Path, Remedy: "send NDJSON"}}})
		return
	}
	receipt := h.take(body)
	if f.answer != nil {
		f.answer(w, r)
		return
	}
	if receipt.Accepted == 0 {
		w.WriteHeader(http.StatusBadRequest)
	}
	_ = json.NewEncoder(w).Encode(receipt)
}

func (h *fakeHub) take(body []byte) (receipt event.Receipt) {
	h.mu.Lock()
	defer h.mu.Unlock()
	lines := bufio.NewScanner(bytes.NewReader(body))
	for n := 1; lines.Scan(); n++ {
		if bad := judge(lines.Bytes(), h.now()); bad != nil {
			receipt.Refused = append(receipt.Refused, event.Refusal{Line: n, Field: bad.Field, Value: bad.Value, Remedy: bad.Remedy})
			h.refused[bad.Field]++
			continue
		}
		var t event.Telemetry
		_ = json.Unmarshal(lines.Bytes(), &t)
		receipt.Accepted++
		h.runs[t.RunID]++
		h.taken[t.ID]++
		if h.taken[t.ID] == 1 {
			h.order[t.Cab] = append(h.order[t.Cab], t.Seq)
		}
	}
	return receipt
}

func status(code int, header ...string) answerer {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

func text(body string) answerer {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }
}

// hangUp breaks the connection before the answer.
func hangUp(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// silent does not answer while anybody waits.
func silent(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
