//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// verdict is what these tests look at of a run's JSON; docs/verdict.md has all.
type verdict struct {
	Target    string `json:"target"`
	Pass      bool   `json:"pass"`
	Hops      []hop
	Outcomes  []outcome
	LatencyMs map[string]struct{ P50, P99, Max float64 } `json:"latencyMs"`
	Faults    []struct {
		At, Kind, Target, Cost string
		RecoveredAfterMs       float64 `json:"recoveredAfterMs"`
	}
	Startup struct {
		FirstGradedEventMs float64 `json:"firstGradedEventMs"`
	}
}

type hop struct {
	From, To                                       string
	Sent, Acknowledged, Received, Lost, Duplicates int
}

type outcome struct {
	Name, Got, Want string
	Pass            bool
}

// plan is what a run sends: a city for a while. How fast it is served is not the
// question here, and broken engines are slow: the limits lie beyond what is done
// to them.
func plan(flags ...string) []string {
	return append([]string{"--seed", "1", "--epoch", "2026-01-01T08:00:00Z", "--slo", "device→hub=60s,device→searchable=60s"}, flags...)
}

// cloud is a `weir cloud` in a process of its own: schema registry and AWS side.
func startCloud(t *testing.T) (endpoint string) {
	t.Helper()
	cloud := exec.Command(weirBinary, "cloud", "--listen", "127.0.0.1:0", "--registry-listen", "127.0.0.1:0")
	cloud.Stderr = os.Stderr
	out, err := cloud.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cloud.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cloud.Process.Signal(syscall.SIGTERM)
		_ = cloud.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != "ready" {
		if rest, ok := strings.CutPrefix(lines.Text(), "endpoint"); ok {
			endpoint = strings.TrimSpace(rest)
		}
	}
	if endpoint == "" {
		t.Fatal("weir cloud ended without being ready")
	}
	return endpoint
}

// engines are what a run needs, all of them real, and how it finds them.
type engines struct {
	kafka    broker
	search   searcher
	endpoint string
}

func startEngines(t *testing.T) engines {
	t.Helper()
	return engines{startKafka(t), startOpenSearch(t), startCloud(t)}
}

func (e engines) flags() []string {
	return []string{"--target", "containers", "--endpoint", e.endpoint, "--kafka", e.kafka.closed, "--opensearch", e.search.url}
}

// running is a `weir run` under way.
type running struct {
	*exec.Cmd
	file           string
	stdout, stderr bytes.Buffer
	sending        chan struct{} // closed when it sends
}

func start(t *testing.T, args ...string) *running {
	t.Helper()
	r := &running{file: filepath.Join(t.TempDir(), "verdict.json"), sending: make(chan struct{})}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	t.Cleanup(cancel)
	r.Cmd = exec.CommandContext(ctx, weirBinary, append([]string{"run", "cab", "--json", r.file}, args...)...)
	// Each component signs in as itself, and may do what it has to.
	r.Env = append(os.Environ(), "KAFKA_USER="+kafkaUser, "KAFKA_PASSWORD="+kafkaPassword, "KAFKA_USERS=components")
	r.Stderr = &r.stderr
	out, err := r.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		lines, said := bufio.NewScanner(out), false
		for lines.Scan() {
			r.stdout.WriteString(lines.Text() + "\n")
			if strings.HasPrefix(lines.Text(), "cab sending") && !said {
				said = true
				close(r.sending)
			}
		}
	}()
	return r
}

// ended waits for the run's end. A run that fails by its own verdict has one.
func (r *running) ended(t *testing.T) (verdict, []byte) {
	t.Helper()
	err := r.Wait()
	var failed *exec.ExitError
	if err != nil && !errors.As(err, &failed) {
		t.Fatal(err)
	}
	text, readErr := os.ReadFile(r.file)
	var all []verdict
	if readErr != nil || json.Unmarshal(text, &all) != nil || len(all) != 1 {
		t.Fatalf("no verdict: %v, %v\n%s", err, readErr, r.stderr.String())
	}
	if all[0].Pass != (err == nil) {
		t.Errorf("verdict says pass %t, the exit is %v", all[0].Pass, err)
	}
	return all[0], text
}

// mustPass names what failed.
func mustPass(t *testing.T, r *running, v verdict) {
	t.Helper()
	for _, o := range v.Outcomes {
		if !o.Pass {
			t.Errorf("%s: %.300s (want %s)", o.Name, o.Got, o.Want)
		}
	}
	if !v.Pass {
		t.Logf("it said:\n%s", r.stderr.String())
	}
	for _, h := range v.Hops {
		t.Logf("%s → %s: sent %d, received %d, lost %d, duplicates %d", h.From, h.To, h.Sent, h.Received, h.Lost, h.Duplicates)
	}
	t.Logf("latencies %v, first graded event after %.0f ms", v.LatencyMs, v.Startup.FirstGradedEventMs)
}
