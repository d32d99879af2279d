package main

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab"
)

// TestComponentsMayDoInOpenSearchWhatTheyNeed asks the domain as each component of
// the cab scenario: what it does is allowed, and what others do is not.
func TestComponentsMayDoInOpenSearchWhatTheyNeed(t *testing.T) {
	t.Parallel()
	at, err := newAddresses("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	e, err := startEmbedded(embeddedConfig{
		region: "us-east-1", sim: clock.Simulated{Epoch: now, Origin: now, Speed: 1}, log: slog.New(slog.DiscardHandler), addresses: at,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.stop(); err != nil {
			t.Error(err)
		}
	})
	s := cab.New()
	env, err := scenario.NewEnv(t.Context(), e.world, s, "r", map[string]string{"partitions": "1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := scenario.Provision(t.Context(), s, env); err != nil {
		t.Fatal(err)
	}
	const bulk = "{\"index\":{\"_index\":\"cab-cabs-x\",\"_id\":\"1\"}}\n{}\n"
	requests := []struct{ name, method, path, body string }{
		{"bulk", http.MethodPost, "/_bulk", bulk},
		{"search", http.MethodPost, "/cab-*/_search", "{}"},
		{"search cabs", http.MethodPost, "/cab-cabs-*/_search", "{}"},
		{"refresh", http.MethodPost, "/cab-*/_refresh", ""},
		{"template", http.MethodGet, "/_index_template/cab-zones", ""},
		{"delete", http.MethodDelete, "/cab-cabs-x", ""},
	}
	for component, may := range map[string]string{
		"index": "bulk", "app": "search, search cabs", "audit": "search, search cabs, refresh", "dispatcher": "search cabs", "deployer": "template",
	} {
		address, err := env.OpenSearch(component)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range requests {
			status := statusAs(t, address, r.method, r.path, r.body)
			allowed := strings.Contains(", "+may+",", ", "+r.name+",")
			if want := map[bool]int{true: http.StatusOK, false: http.StatusForbidden}[allowed]; status != want {
				t.Errorf("%s, %s: status %d, want %d", component, r.name, status, want)
			}
		}
	}
}

func statusAs(t *testing.T, at scenario.Address, method, path, body string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, at.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	reply, err := (&http.Client{Transport: at.Transport}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = reply.Body.Close()
	return reply.StatusCode
}
