package refine

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/scenarios/cab/event"
)

const lateness = 30 * time.Second

// reading is a healthy one of cab 1.
func reading(seq int64, at time.Duration) *event.Telemetry {
	return &event.Telemetry{
		ID: event.TelemetryID(1, uint32(seq)), RunID: "r", Cab: event.CabName(1), Seq: seq,
		EventTime: event.MillisOf(time.Unix(1_000_000, 0).Add(at)), Schema: event.Schema,
		Lat: 47.33, Lon: 8.41, EngineC: 90, BatteryV: 12.5, TyreKPa: []float64{220, 220, 220, 220}, GPSOK: true, Firmware: "2.1",
	}
}

// bench is a partition and what it emitted.
type bench struct {
	*Partition
	out []event.Activity
}

func (b *bench) take(t *event.Telemetry) Verdict {
	return b.Take(t, func(a event.Activity) { b.out = append(b.out, a) })
}

func (b *bench) seqs() []int64 {
	var all []int64
	for _, a := range b.out {
		all = append(all, a.Seq)
	}
	return all
}

func TestReadingsComeInOrderAndOnce(t *testing.T) {
	t.Parallel()
	b := &bench{Partition: NewPartition(lateness)}
	for _, step := range []struct {
		seq  int64
		at   time.Duration
		want Verdict
	}{
		{0, 0, Accepted},
		{2, 2 * time.Second, Accepted}, // held
		{2, 2 * time.Second, Duplicate},
		{0, 0, Duplicate},
		{1, time.Second, Accepted}, // lets 2 go
		{5, 5 * time.Second, Accepted},
		{6, 36 * time.Second, Accepted}, // the watermark is 6 s: 3 and 4 are given up
		{3, 3 * time.Second, Late},
		{3, 3 * time.Second, Duplicate},
		{7, 4 * time.Second, Late},
		{8, 37 * time.Second, Accepted},
		{4, 40 * time.Second, Late}, // its clock is odd, and its turn is over
	} {
		if got := b.take(reading(step.seq, step.at)); got != step.want {
			t.Errorf("%d: verdict %v, want %v", step.seq, got, step.want)
		}
	}
	if want := []int64{0, 1, 2, 5, 6, 8}; !slices.Equal(b.seqs(), want) {
		t.Errorf("emitted %v, want %v", b.seqs(), want)
	}
	gaps := map[int64]int64{5: 2, 8: 1}
	for _, a := range b.out {
		if a.Gap != gaps[a.Seq] {
			t.Errorf("%d: gap %d", a.Seq, a.Gap)
		}
	}
}

func TestPickUpsDropOffsAndIncidents(t *testing.T) {
	t.Parallel()
	b := &bench{Partition: NewPartition(lateness)}
	hot := []bool{false, true, true, true, true, false, false, true, false, false, false, false}
	hired := []bool{true, true, false, false, true, true, false, false, false, false, false, false}
	for i := range hot {
		r := reading(int64(i), time.Duration(i)*time.Second)
		r.Hired = hired[i]
		if hot[i] {
			r.EngineC = 111
		}
		b.take(r)
	}
	var story []string
	for _, a := range b.out {
		if a.PickUp {
			story = append(story, fmt.Sprint("up ", a.Seq))
		}
		if a.DropOff {
			story = append(story, fmt.Sprint("off ", a.Seq))
		}
		for _, h := range a.Health {
			story = append(story, fmt.Sprint(h.Kind, " ", h.Change, " ", a.Seq, " of ", h.OpenedSeq))
		}
	}
	want := []string{"off 2", "engine opened 3 of 3", "up 4", "off 6", "engine closed 10 of 3"}
	if !slices.Equal(story, want) {
		t.Errorf("got %q, want %q", story, want)
	}
	if open := b.out[9].Open; !slices.Equal(open, []string{event.Engine}) {
		t.Errorf("open after 9: %v", open)
	}
	if open := b.out[10].Open; len(open) > 0 {
		t.Errorf("open after 10: %v", open)
	}
}

func TestNextRunBeginsAnew(t *testing.T) {
	t.Parallel()
	b := &bench{Partition: NewPartition(lateness)}
	b.take(reading(0, time.Hour))
	second := reading(0, 0) // an earlier epoch
	second.RunID = "s"
	if got := b.take(second); got != Accepted || b.Run() != "s" {
		t.Errorf("the next run's first reading: %v, run %s", got, b.Run())
	}
	if got := b.take(reading(1, time.Hour)); got != Outdated {
		t.Errorf("the former run's reading: %v", got)
	}
}

// disk is a compacted topic's partition.
type disk map[string][]byte

func (d disk) commit(t *rapid.T, p *Partition) {
	err := p.Snapshot(func(key, value []byte) {
		if value == nil {
			delete(d, string(key))
			return
		}
		d[string(key)] = slices.Clone(value)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (d disk) pairs() iter.Seq2[[]byte, []byte] {
	return func(yield func([]byte, []byte) bool) {
		for _, key := range slices.Sorted(maps.Keys(d)) {
			if !yield([]byte(key), d[key]) {
				return
			}
		}
	}
}

// TestKillsChangeNothing takes readings of some cabs in any order, some twice,
// with kills between and within transactions: what is committed is what a
// partition that was never killed emits.
func TestKillsChangeNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cabs := rapid.IntRange(1, 3).Draw(t, "cabs")
		var input []*event.Telemetry
		for i := range rapid.IntRange(1, 60).Draw(t, "readings") {
			r := reading(int64(rapid.IntRange(0, 12).Draw(t, "seq")), 0)
			r.Cab = event.CabName(uint32(i % cabs))
			r.EventTime += event.Millis(r.Seq*5000 + int64(rapid.IntRange(0, 9000).Draw(t, "off")))
			r.Hired = rapid.Bool().Draw(t, "hired")
			r.GPSOK = rapid.Bool().Draw(t, "gps")
			if rapid.IntRange(0, 40).Draw(t, "run") == 0 {
				r.RunID = "s"
			}
			input = append(input, r)
		}
		straight := &bench{Partition: NewPartition(lateness)}
		var verdicts []Verdict
		for _, r := range input {
			run, watermark, had := straight.Run(), straight.Watermark(), len(straight.out)
			verdicts = append(verdicts, straight.take(r))
			for _, a := range straight.out[had:] {
				if a.RunID == run && a.EventTime < watermark {
					t.Fatalf("%s seq %d at %v is behind the watermark %v", a.Cab, a.Seq, a.EventTime, watermark)
				}
			}
		}
		kept, d, at := &bench{Partition: NewPartition(lateness)}, disk{}, 0
		var committed []event.Activity
		var got []Verdict
		for at < len(input) {
			n := rapid.IntRange(1, len(input)-at).Draw(t, "batch")
			var in []Verdict
			for _, r := range input[at : at+n] {
				in = append(in, kept.take(r))
			}
			if rapid.Bool().Draw(t, "killed") {
				kept = &bench{Partition: NewPartition(lateness)}
				if err := kept.Restore(d.pairs()); err != nil {
					t.Fatal(err)
				}
				continue
			}
			d.commit(t, kept.Partition)
			committed, got, at = append(committed, kept.out...), append(got, in...), at+n
			kept.out = nil
		}
		if fmt.Sprint(got) != fmt.Sprint(verdicts) {
			t.Fatalf("verdicts %v, want %v", got, verdicts)
		}
		if fmt.Sprint(committed) != fmt.Sprint(straight.out) {
			t.Fatalf("with kills %v\nwithout %v", committed, straight.out)
		}
		seen := map[string]bool{}
		last := map[string]int64{}
		for _, a := range committed {
			id := fmt.Sprint(a.RunID, a.Cab, a.Seq)
			if seen[id] || a.Seq < last[a.RunID+a.Cab] {
				t.Fatalf("%s seq %d twice or out of order", a.Cab, a.Seq)
			}
			seen[id], last[a.RunID+a.Cab] = true, a.Seq
		}
	})
}
