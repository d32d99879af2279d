package main

import (
	"bytes"
	"context"
	"iter"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
)

// writeRecord writes the ledger of a simulation in which nothing was sent.
func writeRecord(t *testing.T, name string, settings map[string]string) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "run.ledger")
	now := time.Now()
	rec := scenario.Record{
		Version: 2, Scenario: name, RunID: "r-1", Seed: 1, Epoch: now, Start: now, Settings: settings,
		Load: scenario.Load{Rate: 1, Devices: 1, For: time.Second}, Sim: clock.Simulated{Epoch: now, Origin: now, Speed: 1},
		Ledger: ledger.New().Snapshot(),
	}
	if err := rec.WriteFile(file); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestGradeNamesTheLedgersScenario(t *testing.T) {
	t.Parallel()
	file := writeRecord(t, "cab", map[string]string{"partitions": "6", "protocol": "classic"})
	var stdout, stderr bytes.Buffer
	code := execute([]string{"grade", "location", "--ledger", file}, strings.NewReader(""), &stdout, &stderr)
	said := stderr.String()
	if want := "--ledger " + file + " is of scenario cab, not location; grade it with: weir grade cab --ledger " + file; code != exitUsage || !strings.Contains(said, want) {
		t.Errorf("exit %d, does not say %q:\n%s", code, want, said)
	}
	if strings.Contains(said, "partitions") {
		t.Errorf("judges the other scenario's settings:\n%s", said)
	}
}

// told is a grader's word that it was asked.
type told struct{ asked bool }

// Grade implements scenario.Grader.
func (g *told) Grade(context.Context, scenario.Env, iter.Seq[scenario.Planned], *ledger.Ledger) ([]scenario.Outcome, error) {
	g.asked = true
	return nil, nil
}

func TestGradeSaysWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		entries, err := pick([]string{"cab"})
		if err != nil {
			t.Fatal(err)
		}
		e, inner := entries[0], &told{}
		e.Grader = inner
		rec, err := scenario.ReadRecord(writeRecord(t, "cab", nil))
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		d := e.Scenario.Defaults(map[string]string{})
		g := newGradeProgress(newScreen(&out, 1), e, rec, d)
		stop := g.during(t.Context())
		time.Sleep(2500 * time.Millisecond)
		if _, err := g.Grade(t.Context(), scenario.Env{}, nil, nil); err != nil || !inner.asked {
			t.Errorf("asked %v, %v", inner.asked, err)
		}
		stop()
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) != 4 || !strings.HasPrefix(lines[2], "cab draining 2s sent=0 acknowledged=0") || lines[3] != "cab grading" {
			t.Errorf("says:\n%s", out.String())
		}
		for _, line := range lines[:3] {
			if !strings.HasSuffix(line, `waiting_for="every hop to be read to its tail"`) {
				t.Errorf("says %q", line)
			}
		}
	})
}
