package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
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
