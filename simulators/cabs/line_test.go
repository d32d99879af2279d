package cabs

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

func TestLinesAreWhatTheLibraryWrites(t *testing.T) {
	t.Parallel()
	const runID = `r-"1"` // must be escaped
	quoted, err := json.Marshal(runID)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for p := range population(t).Plan(2, epoch, scenario.Load{Rate: 100, Devices: 50, For: time.Minute}) {
		r, ok := p.Event.(event.Telemetry)
		if !ok {
			continue
		}
		n++
		got := string(appendLine(nil, &r, quoted))
		r.RunID = runID
		if want, err := json.Marshal(r); err != nil || got != string(want)+"\n" {
			t.Fatalf("got %s, want %s (%v)", got, want, err)
		}
	}
	if n < 1000 {
		t.Errorf("only %d readings", n)
	}
}

func BenchmarkLine(b *testing.B) {
	var line []byte
	for p := range population(b).Plan(1, epoch, load) {
		r, ok := p.Event.(event.Telemetry)
		if !ok || r.Schema == event.SchemaOld {
			continue
		}
		b.ReportAllocs()
		for b.Loop() {
			line = appendLine(line[:0], &r, []byte(`"r-1"`))
		}
		b.SetBytes(int64(len(line)))
		return
	}
}
