package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir/platform/scenario"
)

// graded is what one `weir run` came to.
type graded struct {
	exit    int
	screen  string
	verdict scenario.Verdict
}

// runWeir runs `weir run` in this process, with a sabotage, and reads its JSON report.
func runWeir(t *testing.T, s sabotage, args ...string) graded {
	t.Helper()
	report := filepath.Join(t.TempDir(), "verdict.json")
	var screen bytes.Buffer
	cmd := newRunCommand(&globals{region: "us-east-1", started: startOfTest()}, s)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(append(args, "--json", report))
	cmd.SetOut(&screen)
	cmd.SetErr(&screen)
	err := cmd.ExecuteContext(context.Background())
	g := graded{exit: exitCode(err), screen: screen.String()}
	data, readErr := os.ReadFile(report)
	if readErr != nil {
		t.Fatalf("no report: %v; run: %v\n%s", readErr, err, g.screen)
	}
	var verdicts []scenario.Verdict
	if err := json.Unmarshal(data, &verdicts); err != nil || len(verdicts) != 1 {
		t.Fatalf("report: %v, %d verdicts", err, len(verdicts))
	}
	g.verdict = verdicts[0]
	return g
}

func (g graded) failed() []string {
	var names []string
	for _, o := range g.verdict.Outcomes {
		if !o.Pass {
			names = append(names, o.Name+": "+o.Got)
		}
	}
	return names
}

// broken is failed without the latency objectives: what a busy machine cannot
// cause. Tests that say nothing about time judge by it.
func (g graded) broken() []string {
	return slices.DeleteFunc(g.failed(), func(o string) bool { return strings.HasPrefix(o, "p99 ") })
}

func (g graded) hop(t *testing.T, to string) scenario.HopVerdict {
	t.Helper()
	for _, h := range g.verdict.Hops {
		if h.To == to {
			return h
		}
	}
	t.Fatalf("no hop to %s in %+v", to, g.verdict.Hops)
	return scenario.HopVerdict{}
}

func TestRunLocationPasses(t *testing.T) {
	for _, setting := range []string{"reader=efo", "reader=shared", "aggregation=on"} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			g := runWeir(t, sabotage{}, "location", "--for", "4s", "--rate", "100", "--set", setting)
			if len(g.broken()) > 0 || g.verdict.Pass != (g.exit == exitPass) {
				t.Fatalf("exit %d, failed %q\n%s", g.exit, g.failed(), g.screen)
			}
			for _, h := range g.verdict.Hops {
				if h.Received < 250 || h.Lost != 0 {
					t.Errorf("hop %s → %s: received %d of about 380, lost %d", h.From, h.To, h.Received, h.Lost)
				}
			}
			if g.verdict.Startup.FirstGradedEventMs <= 0 || g.verdict.PeakRSSBytes == 0 {
				t.Errorf("startup %v, peak %d: not measured", g.verdict.Startup, g.verdict.PeakRSSBytes)
			}
			for _, word := range []string{"location-signups", "p99 signup→offer", "sending"} {
				if !strings.Contains(g.screen, word) {
					t.Errorf("the screen does not say %q:\n%s", word, g.screen)
				}
			}
		})
	}
}
