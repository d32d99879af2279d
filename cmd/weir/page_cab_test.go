package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"

	"github.com/weirstream/weir/platform/clock"
)

// shared is a buffer that one writes while others read.
type shared struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *shared) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *shared) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// A run of the cab scenario is held, and its page tells what the run came to:
// every window, the incidents and alerts of the index, no lag.
func TestPageOfAHeldCabRun(t *testing.T) {
	t.Parallel()
	var screen shared
	cmd := newRunCommand(&globals{region: "us-east-1", started: startOfTest()}, sabotage{})
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs([]string{"cab", "--seed", "1", "--epoch", "2026-01-01T08:00:00Z", "--for", "2m", "--hold"})
	cmd.SetOut(&screen)
	cmd.SetErr(&screen)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- cmd.ExecuteContext(ctx) }()
	t.Cleanup(func() { stop(); <-ended })
	held := regexp.MustCompile(`(?m)^app +(http://\S+)$`)
	var at []string
	for range 3000 {
		if at = held.FindStringSubmatch(screen.String()); at != nil {
			break
		}
		if err := (clock.Wall{}).Sleep(ctx, 100*time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	if at == nil {
		t.Fatalf("the run is not held:\n%s", screen.String())
	}
	right := regexp.MustCompile(`zone metrics equal the oracle's: (\d+) right`).FindStringSubmatch(screen.String())
	if right == nil {
		t.Fatalf("no windows were graded:\n%s", screen.String())
	}
	windows, err := strconv.Atoi(right[1])
	if err != nil {
		t.Fatal(err)
	}
	looked, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	checkNews(looked, t, at[1], windows)
	checkLags(looked, t, at[1])
}

// checkNews looks on until the page shows the windows and what the index has.
func checkNews(ctx context.Context, t *testing.T, home string, windows int) {
	t.Helper()
	reply := get(ctx, t, home+"/events")
	defer reply.Body.Close() //nolint:errcheck // only read
	lines := bufio.NewScanner(reply.Body)
	lines.Buffer(nil, 1<<22)
	var all struct {
		Run    string
		Cells  []any
		Alerts *struct {
			Problem   string
			Alerts    []struct{ Kind string }
			Incidents []struct{ Cab string }
		}
	}
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok {
			continue
		}
		before := len(all.Cells)
		if err := json.Unmarshal([]byte(data), &all); err != nil {
			t.Fatal(err)
		}
		if before > 0 && all.Alerts != nil && len(all.Alerts.Alerts) >= 2 && len(all.Alerts.Incidents) >= 3 && all.Alerts.Problem == "" {
			return
		}
		if before == 0 && len(all.Cells) < windows { // those after the load are not graded
			t.Fatalf("%d windows are shown, %d were graded", len(all.Cells), windows)
		}
	}
	t.Errorf("the page shows run %q, alerts %+v: %v", all.Run, all.Alerts, lines.Err())
}

// checkLags scrapes the lags of the groups: there are none left.
func checkLags(ctx context.Context, t *testing.T, home string) {
	t.Helper()
	reply := get(ctx, t, home+"/metrics")
	defer reply.Body.Close() //nolint:errcheck // only read
	var parser expfmt.TextParser
	families, err := parser.TextToMetricFamilies(reply.Body)
	if err != nil {
		t.Fatal(err)
	}
	groups := map[string]bool{}
	for _, m := range families["kafka_consumer_group_ConsumerLagMetrics_Value"].GetMetric() {
		labels := map[string]string{}
		for _, l := range m.Label {
			labels[l.GetName()] = l.GetValue()
		}
		if labels["name"] != "SumOffsetLag" {
			continue
		}
		groups[labels["groupId"]] = true
		if lag := m.GetGauge().GetValue(); lag != 0 {
			t.Errorf("group %s is %v behind on %s", labels["groupId"], lag, labels["topic"])
		}
	}
	if len(groups) != 3 {
		t.Errorf("groups %v have lags", groups)
	}
	for _, name := range []string{"weir_kafka_producer_records_total", "weir_kafka_transformer_commits_total", "weir_kafka_consumer_records_total", "weir_window_results_total"} {
		if m := families[name].GetMetric(); len(m) == 0 || m[0].GetCounter().GetValue() == 0 {
			t.Errorf("%s is not there, or 0", name)
		}
	}
}

func get(ctx context.Context, t *testing.T, url string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if reply.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d", url, reply.StatusCode)
	}
	return reply
}
