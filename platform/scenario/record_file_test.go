package scenario

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/ledger"
)

// simulated is a record with something of everything in it.
func simulated() Record {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	l := ledger.New()
	for seq := range uint32(70) {
		id := ledger.ID{Device: 2, Seq: seq}
		l.Sent(id)
		l.Acknowledged(id)
		l.Arrived("stream", id)
		l.Latency("signup", time.Duration(seq)*time.Millisecond)
		l.Outcome(id, []string{"a", "b"}[seq%2])
	}
	l.Refused(ledger.ID{Device: 1}, "too long")
	return Record{
		Version: recordVersion, Scenario: "location", RunID: "r-1", Seed: 7, Epoch: at,
		Load: Load{Rate: 10, Devices: 3, For: time.Second}, Settings: map[string]string{"shards": "2"},
		Start: at, Sim: clock.Simulated{Epoch: at, Origin: at, Speed: 1}, Paced: 71, Exhausted: true,
		Problems: []Outcome{{Name: "simulator ran", Got: "x"}}, First: time.Millisecond, Ledger: l.Snapshot(),
	}
}

func TestRecordSurvivesItsFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "run.ledger")
	want := simulated()
	if err := want.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	got, err := ReadRecord(path)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%v, got\n%+v, want\n%+v", err, got, want)
	}
	l := ledger.Restore(got.Ledger)
	if n := l.Count("stream").Distinct; n != 70 || l.OutcomeOf(ledger.ID{Device: 2, Seq: 3}) != "b" {
		t.Errorf("%d arrivals, outcome %q", n, l.OutcomeOf(ledger.ID{Device: 2, Seq: 3}))
	}
}

// Every byte counts: a ledger in which any one differs is refused, as is one
// that ends early.
func TestDamagedRecordIsRefused(t *testing.T) {
	t.Parallel()
	whole, err := simulated().encode()
	if err != nil {
		t.Fatal(err)
	}
	for i := range whole {
		if _, err := openRecord(whole[:i]); err == nil {
			t.Errorf("cut at %d of %d, and taken", i, len(whole))
		}
		whole[i] ^= 0x40
		if _, err := openRecord(whole); err == nil {
			t.Errorf("damaged at %d of %d, and taken", i, len(whole))
		}
		whole[i] ^= 0x40
	}
	path := filepath.Join(t.TempDir(), "run.ledger")
	if err := os.WriteFile(path, whole[:len(whole)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadRecord(path); err == nil || !strings.Contains(err.Error(), path+": it is damaged") {
		t.Errorf("half a file: %v", err)
	}
}

func TestImpossibleRecordIsRefused(t *testing.T) {
	t.Parallel()
	for says, change := range map[string]func(*Record){
		"format version 9":      func(r *Record) { r.Version = 9 },
		"its load":              func(r *Record) { r.Load.Rate = 0 },
		"its clock's speed":     func(r *Record) { r.Sim.Speed = -1 },
		"counts -1":             func(r *Record) { r.Paced = -1 },
		"are marked":            func(r *Record) { r.Ledger.Points["stream"].Devices[2][0] = 1 },
		"has outcome 9":         func(r *Record) { r.Ledger.Outcomes[2][4] = 9 },
		"resolution":            func(r *Record) { r.Ledger.Latencies["signup"].SignificantFigures = 0 },
		"counts are impossible": func(r *Record) { r.Ledger.Latencies["signup"].Counts[0] = -1 },
	} {
		rec := simulated()
		change(&rec)
		data, err := rec.encode()
		if err != nil {
			t.Fatal(err)
		}
		_, err = decodeRecord(data[len(recordMagic) : len(data)-recordChecksum])
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v, want %q", err, says)
		}
	}
}

// FuzzRecord: no bytes in a ledger file's place take the grader down.
func FuzzRecord(f *testing.F) {
	rec := simulated()
	h := rec.Ledger.Latencies["signup"]
	h.Counts = h.Counts[:80] // the rest is zero, and a fuzzer wants little
	data, err := rec.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data[len(recordMagic) : len(data)-recordChecksum])
	f.Fuzz(func(t *testing.T, data []byte) {
		rec, err := decodeRecord(data)
		if err != nil {
			return
		}
		l := ledger.Restore(rec.Ledger)
		l.Quantiles()
		l.Reconcile(ledger.Device, "stream")
		for seq := range uint32(100) {
			l.OutcomeOf(ledger.ID{Device: 2, Seq: seq})
		}
		l.Outcome(ledger.ID{Device: 2, Seq: 3}, "c")
		l.Arrived("stream", ledger.ID{Device: 2, Seq: 3})
		if again := l.Snapshot().Check(); again != nil {
			t.Fatalf("restored and taken again: %v", again)
		}
	})
}
