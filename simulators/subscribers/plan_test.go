package subscribers

import (
	"encoding/json"
	"fmt"
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/location/event"
	"github.com/weirstream/weir/simulators/plantest"
)

var (
	epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	load  = scenario.Load{Rate: 1000, Devices: 300, For: time.Hour}
)

func population(t testing.TB) *Simulator {
	t.Helper()
	s, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The hash changes only with a deliberate change of the plan: a place, the mix,
// a name list, an event field.
func TestPlanIsTheSameEverywhere(t *testing.T) {
	plantest.Same(t, population(t), plantest.Golden{
		Seed: 7, Epoch: epoch, Load: load, Events: 3000,
		SHA256: "98257906a98c8b755efd9433b96f3b0d5b12ccf1bb3c93dd339bb37bd51044f2",
	})
}

// A cosine may differ in its last bit between processors. The spans made with
// one are whole numbers, so that matters only to a place that lies within that
// bit of the next number: no place does.
func TestPlacesDoNotDependOnTheLastBit(t *testing.T) {
	t.Parallel()
	all, err := Places()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range all {
		span := p.RadiusKm / kmPerDegree
		wide := span / math.Cos((math.Abs(p.Latitude)+span)*math.Pi/180)
		if wide < 0 || wide > 180 || span == 0 {
			continue // a pole, whose span is cut to 180 degrees, or a point
		}
		for _, degrees := range []float64{span, wide} {
			if units := degrees * unitsPerDegree; math.Abs(units-math.Round(units)) < 1e-6 {
				t.Errorf("%s: a span of %v units is too near to a whole number", p.Name, units)
			}
		}
	}
}

func TestPlanKeepsItsPromises(t *testing.T) {
	t.Parallel()
	const n = 200_000
	load := scenario.Load{Rate: 2000, Devices: 1000, For: n / 2000 * time.Second}
	var (
		next      = make([]uint32, load.Devices)
		last      time.Duration
		kinds     = map[string]int{}
		countries = map[string]bool{}
		gaps      []float64
		total     int
	)
	for p := range population(t).Plan(3, epoch, load) {
		if p.At < last || p.At >= load.For {
			t.Fatalf("%s at %v after %v", p.ID, p.At, last)
		}
		gaps = append(gaps, (p.At-last).Seconds()*load.Rate)
		last = p.At
		if p.ID.Seq != next[p.ID.Device] {
			t.Fatalf("%s: want sequence %d", p.ID, next[p.ID.Device])
		}
		next[p.ID.Device]++
		kinds[p.Labels[kindLabel]]++
		total++
		s, wellFormed := p.Event.(event.Signup)
		if wellFormed == (p.Labels[event.ExpectLabel] == event.ExpectReject) {
			t.Fatalf("%s: %T labelled %v", p.ID, p.Event, p.Labels)
		}
		if !wellFormed {
			continue
		}
		countries[p.Labels[event.CountryLabel]] = true
		if s.ID != p.ID.String() || s.RunID != "" || s.SchemaVersion != event.SchemaVersion ||
			!s.EventTime.Equal(epoch.Add(p.At).Truncate(time.Millisecond)) ||
			math.Abs(s.Location.Latitude) > 90 || math.Abs(s.Location.Longitude) > 180 {
			t.Fatalf("%s at %v is %+v", p.ID, p.At, s)
		}
	}
	if math.Abs(float64(total)-n) > 4*math.Sqrt(n) {
		t.Errorf("%d events, want about %d", total, n)
	}
	checkExponential(t, gaps)
	for _, kind := range []string{"border", "enclave", "island", "ocean", "antimeridian", "pole", "malformed"} {
		if kinds[kind] == 0 {
			t.Errorf("no event of kind %s", kind)
		}
	}
	share := func(kind string) float64 { return float64(kinds[kind]) / float64(total) }
	if share("city") < 0.8 || math.Abs(share("malformed")-malformedPercent/100.0) > 0.005 {
		t.Errorf("%.1f%% of cities, %.1f%% malformed", 100*share("city"), 100*share("malformed"))
	}
	if len(countries) < 150 {
		t.Errorf("only %d countries", len(countries))
	}
}

// checkExponential compares the gaps' distribution with the exponential one at a few points.
func checkExponential(t *testing.T, gaps []float64) {
	t.Helper()
	for _, x := range []float64{0.01, 0.1, 0.5, 1, 1.5, 2, 4} {
		count := 0
		for _, gap := range gaps {
			if gap <= x {
				count++
			}
		}
		got, want := float64(count)/float64(len(gaps)), 1-math.Exp(-x)
		if math.Abs(got-want) > 0.005 {
			t.Errorf("%.4f of the gaps are at most %v mean gaps, want %.4f", got, x, want)
		}
	}
}

func TestPlanOfNothingIsEmpty(t *testing.T) {
	t.Parallel()
	plantest.Empty(t, population(t))
}

// Not parallel: it reads the heap.
func TestPlanNeedsNoMemoryPerEvent(t *testing.T) {
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	load := scenario.Load{Rate: 10_000, Devices: 1000, For: 100 * time.Second}
	var early, late int64
	n := 0
	for range population(t).Plan(1, epoch, load) {
		switch n++; n {
		case 50_000:
			early = heap()
		case 950_000:
			late = heap()
		}
	}
	if late == 0 || late-early > 1<<20 {
		t.Errorf("the heap grew from %d to %d bytes over 900 000 events", early, late)
	}
}

func TestMistakesSpoil(t *testing.T) {
	t.Parallel()
	for i, m := range mistakes() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			s := event.Signup{
				ID: ledger.ID{Seq: uint32(i)}.String(), Subscriber: event.Subscriber{Name: "Zo O'Neil", Email: "zo.oneil.1@example.org"},
				Location: event.Location{Latitude: 47.38, Longitude: 8.54},
			}
			good, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			if got := m.spoil(good, s); string(got) == string(good) {
				t.Errorf("nothing is wrong with %s", got)
			}
		})
	}
}

func BenchmarkPlan(b *testing.B) {
	s := population(b)
	b.ReportAllocs()
	n := 0
	for range s.Plan(1, epoch, scenario.Load{Rate: 1e6, Devices: 10_000, For: time.Duration(math.MaxInt64)}) {
		if n++; n == b.N {
			break
		}
	}
}

func ExamplePlaces() {
	places, err := Places()
	fmt.Println(places[0].Name, places[0].Country, err)
	// Output: Tokyo JP <nil>
}
