package cabs

import (
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
	"github.com/weirstream/weir/simulators/plantest"
)

var (
	epoch = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
	load  = scenario.Load{Rate: 200, Devices: 300, For: time.Hour}
)

func population(t testing.TB) *Simulator {
	t.Helper()
	s, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestPlanIsTheSameEverywhere(t *testing.T) {
	plantest.Same(t, population(t), plantest.Golden{
		Seed: 7, Epoch: epoch, Load: load, Events: 70_000,
		SHA256: "cf0b5ec75ab78229d1e1541524d90d2ba01535cd3511948eb3dadca84e2ffa17",
	})
}

func TestPlanOfNothingIsEmpty(t *testing.T) {
	t.Parallel()
	plantest.Empty(t, population(t))
}

// Whatever the load, a plan leaves no doubt: see follower.
func TestPlanLeavesNoDoubt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		closing := time.Duration(rapid.IntRange(0, 1).Draw(t, "closing")) * 4 * time.Minute
		s, err := New(Config{Closing: closing})
		if err != nil {
			t.Fatal(err)
		}
		load := scenario.Load{
			Rate: rapid.Float64Range(1, 300).Draw(t, "rate"), Devices: rapid.IntRange(1, 400).Draw(t, "devices"),
			For: time.Duration(rapid.IntRange(1, 420).Draw(t, "seconds")) * time.Second,
		}
		start := epoch.Add(time.Duration(rapid.IntRange(0, 86400).Draw(t, "start")) * time.Second)
		followers := map[uint32]*follower{}
		var last time.Duration
		for p := range s.Plan(rapid.Uint64().Draw(t, "seed"), start, load) {
			if p.At < last || p.At >= load.For+closing || (p.At >= load.For) != (p.Labels[event.ClosingLabel] != "") && p.Labels[event.ExpectLabel] == event.ExpectAccept {
				t.Fatalf("%s at %v after %v: %v", p.ID, p.At, last, p.Labels)
			}
			if p.At >= load.For && (p.Labels["passenger"] != "" || p.Labels["held"] != "") {
				t.Fatalf("%s: something new in the end: %v", p.ID, p.Labels)
			}
			last = p.At
			f := followers[p.ID.Device]
			if f == nil {
				f = newFollower()
				followers[p.ID.Device] = f
			}
			if err := f.see(p, start); err != "" {
				t.Fatalf("%s at %v: %s: %+v %v", p.ID, p.At, err, p.Event, p.Labels)
			}
		}
		for device, f := range followers {
			if err := f.conclude(); err != "" {
				t.Fatalf("device %d: %s", device, err)
			}
		}
	})
}

// Not parallel: it reads the heap.
func TestPlanNeedsNoMemoryPerEvent(t *testing.T) {
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	load := scenario.Load{Rate: 1000, Devices: 1000, For: 1500 * time.Second}
	var early, late int64
	n := 0
	for range population(t).Plan(1, epoch, load) {
		switch n++; n {
		case 700_000: // late senders have their readings in hand by now
			early = heap()
		case 1_400_000:
			late = heap()
		}
	}
	if late == 0 || late-early > 1<<20 {
		t.Errorf("the heap grew from %d to %d bytes over 700 000 events", early, late)
	}
}

func TestMistakesSpoilOneField(t *testing.T) {
	t.Parallel()
	for p := range population(t).Plan(11, epoch, scenario.Load{Rate: 1000, Devices: 2000, For: time.Minute}) {
		line, raw := p.Event.([]byte)
		if !raw {
			continue
		}
		if strings.ContainsRune(string(line), '\n') {
			t.Fatalf("%q is two lines", line)
		}
		checked := strings.Replace(string(line), emptyRunField, runField+`"r"`, 1)
		if got := judge([]byte(checked), epoch.Add(p.At)); got == nil || got.Field != p.Labels[event.FieldLabel] {
			t.Fatalf("%s with %s: got %+v, want field %q", checked, p.Labels[event.MistakeLabel], got, p.Labels[event.FieldLabel])
		}
	}
}

func BenchmarkPlan(b *testing.B) {
	s := population(b)
	b.ReportAllocs()
	n := 0
	for range s.Plan(1, epoch, scenario.Load{Rate: 20_000, Devices: 5_000, For: time.Duration(math.MaxInt64)}) {
		if n++; n == b.N {
			break
		}
	}
}

func TestIDsAreTheLedgers(t *testing.T) {
	t.Parallel()
	for _, id := range []ledger.ID{{}, {Device: 7, Seq: 123_456}, {Device: ledger.MaxDevice, Seq: ledger.MaxSeq}} {
		if got := event.TelemetryID(id.Device, id.Seq); got != id.String() {
			t.Errorf("got %s, want %s", got, id)
		}
	}
}

// A late sender whose cab stopped for the night is not late for certain: its
// partition may have heard of nothing newer.
func TestLateSendersWaitForTheirCab(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		delivered time.Duration // of the cab's latest reading
		sent      bool
	}{
		{time.Minute, false},
		{time.Minute + stillLateBeyond - 1, false},
		{time.Minute + stillLateBeyond, true},
	} {
		f := newFleet(1, epoch, time.Hour, 1)
		cab := newCab(1, 0)
		cab.delivered = c.delivered
		f.later.add(appointment{cab: cab, taken: time.Minute})
		if _, got := f.release(); got != c.sent {
			t.Errorf("live until %v: sent %v", c.delivered, got)
		}
	}
}

// After the load's end no watermark may come that frees what follows a gap, so
// nothing follows one.
func TestNothingFollowsAGapInClosing(t *testing.T) {
	t.Parallel()
	s, err := New(Config{Closing: 4 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	taken, closing := map[ledger.ID]bool{}, 0
	for p := range s.Plan(3, epoch, scenario.Load{Rate: 500, Devices: 20_000, For: 400 * time.Second}) {
		taken[p.ID] = p.Labels[event.ExpectLabel] == event.ExpectAccept
		if p.Labels[event.ClosingLabel] == "" || p.ID.Seq == 0 {
			continue
		}
		closing++
		if before := (ledger.ID{Device: p.ID.Device, Seq: p.ID.Seq - 1}); !taken[before] {
			t.Fatalf("%v is taken after the end, and %v is missing", p.ID, before)
		}
	}
	if closing < 10_000 {
		t.Errorf("%d readings after the end", closing)
	}
}

// An interrupted run goes on with the plan that was cut where it was: what was
// sent must be the beginning of it, and what follows only closes.
func TestCutPlanBeginsAsTheWholeOne(t *testing.T) {
	t.Parallel()
	s, err := New(Config{Closing: 4 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64Range(1, 5).Draw(t, "seed")
		whole := scenario.Load{Rate: 50, Devices: 80, For: 10 * time.Minute}
		sent := rapid.IntRange(1, 25_000).Draw(t, "sent")
		var want []scenario.Planned
		short := whole
		for p := range s.Plan(seed, epoch, whole) {
			if want = append(want, p); p.At >= short.Cut {
				short.Cut = p.At + 1
			}
			if len(want) == sent {
				break
			}
		}
		n := 0
		for p := range s.Plan(seed, epoch, short) {
			if n++; n <= sent && !reflect.DeepEqual(p, want[n-1]) {
				t.Fatalf("event %d is %+v, and of the whole plan %+v", n, p, want[n-1])
			}
			if r, ok := p.Event.(event.Telemetry); n > sent && ok && p.At > short.Cut && p.Labels[event.ClosingLabel] == "" && p.Labels[event.ExpectLabel] == event.ExpectAccept && !r.Buffered {
				t.Fatalf("%+v is sent after %v", p, short.Cut)
			}
			if p.At > short.Cut+4*time.Minute {
				t.Fatalf("%v is after the closing", p.At)
			}
		}
		if n < sent {
			t.Fatalf("%d events, %d of which were sent", n, sent)
		}
	})
}
