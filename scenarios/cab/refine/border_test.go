package refine

import (
	"testing"
	"time"

	"github.com/weirstream/weir/scenarios/cab/event"
)

// A device that loses every other reading finds them again: none is taken for one
// that was there, however many they are.
func TestReadingsGivenUpAreLateHoweverMany(t *testing.T) {
	t.Parallel()
	b := &bench{Partition: NewPartition(lateness)}
	const last = 2 * (givenUpMax + 100)
	at := func(seq int64) time.Duration { return time.Duration(seq) * time.Second }
	for seq := int64(1); seq <= last; seq += 2 {
		if got := b.take(reading(seq, at(seq))); got != Accepted {
			t.Fatalf("%d: verdict %v", seq, got)
		}
	}
	if spans := len(b.cabs[event.CabName(1)].GivenUp); spans > givenUpMax {
		t.Errorf("%d spans are remembered", spans)
	}
	for seq := int64(0); seq < last-100; seq += 2 {
		if got := b.take(reading(seq, at(seq))); got != Late {
			t.Fatalf("%d, given up and found: verdict %v", seq, got)
		}
	}
	for _, seq := range []int64{0, last - 201, last - 1} {
		if got := b.take(reading(seq, at(seq))); got != Duplicate {
			t.Errorf("%d, taken before: verdict %v", seq, got)
		}
	}
}

// A long gap of which every other reading is found is remembered in pieces, which
// must still fit into a record.
func TestWhatIsFoundInAGapKeepsTheStateSmall(t *testing.T) {
	t.Parallel()
	b := &bench{Partition: NewPartition(lateness)}
	const gap = 20 * givenUpMax
	b.take(reading(gap, 0))
	b.take(reading(gap+1, 2*lateness))
	for seq := int64(1); seq < gap; seq += 2 {
		if got := b.take(reading(seq, 0)); got != Late {
			t.Fatalf("%d: verdict %v", seq, got)
		}
	}
	err := b.Snapshot(func(key, value []byte) {
		if len(value) > 256<<10 {
			t.Errorf("the value of %s has %d bytes", key, len(value))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// What is exactly as old as may be is in time, and a limit itself is healthy.
func TestBordersBelongToTheGoodSide(t *testing.T) {
	t.Parallel()
	b := &bench{Partition: NewPartition(lateness)}
	for seq := range int64(4) {
		r := reading(seq, 0)
		r.EngineC, r.BatteryV, r.TyreKPa = event.EngineMaxC, event.BatteryMinV, []float64{220, event.TyreMinKPa, 220, 220}
		b.take(r)
	}
	if len(b.out) != 4 || len(b.out[3].Open) > 0 {
		t.Errorf("emitted %+v", b.out)
	}
	b.take(reading(5, 0)) // waits for 4
	other := reading(0, lateness)
	other.Cab = event.CabName(2)
	if b.take(other); len(b.out) != 5 { // the watermark is where 5 is
		t.Errorf("emitted %v", b.seqs())
	}
	if got := b.take(reading(4, 0)); got != Accepted || len(b.out) != 7 {
		t.Errorf("at the watermark: verdict %v, emitted %v", got, b.seqs())
	}
	if got := b.take(reading(6, -time.Millisecond)); got != Late {
		t.Errorf("behind the watermark: verdict %v", got)
	}
}

// A device that comes back with every other reading of a long time must not hold its
// partition up for longer than a transaction may take: it would be redone for ever.
func TestManyGapsAreGivenUpAtOnce(t *testing.T) {
	t.Parallel()
	const gaps = 200_000
	b := &bench{Partition: NewPartition(lateness)}
	for seq := int64(1); seq <= gaps; seq++ {
		b.take(reading(2*seq, 0))
	}
	other := reading(0, 2*lateness)
	other.Cab = event.CabName(2)
	began := time.Now()
	b.take(other)
	if took := time.Since(began); took > 10*time.Second || len(b.out) != gaps+1 {
		t.Errorf("%d emitted in %v", len(b.out), took)
	}
	if spans := len(b.cabs[event.CabName(1)].GivenUp); spans > givenUpMax {
		t.Errorf("%d spans are remembered", spans)
	}
}
