package oracle

import (
	"runtime"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
	"github.com/weirstream/weir/simulators/cabs"
)

// partition decides lateness as a job may: from its own log alone.
type partition struct{ newest event.Millis }

func (p *partition) late(at, latenessMs event.Millis, byWindow bool) bool {
	watermark := p.newest - latenessMs
	p.newest = max(p.newest, at)
	if byWindow {
		return at.Minute()+minuteMs <= watermark
	}
	return at < watermark
}

// However the readings are spread over gateways and partitions, and however
// long a gateway's batches take (within ten simulated seconds of each other),
// the log makes those late that the plan says are.
func TestPlannedLatenessDoesNotDependOnTiming(t *testing.T) {
	t.Parallel()
	s, err := cabs.New(cabs.Config{})
	if err != nil {
		t.Fatal(err)
	}
	lateSeen := 0
	rapid.Check(t, func(t *rapid.T) {
		const gateways = 4
		load := scenario.Load{Rate: 100, Devices: rapid.IntRange(1, 300).Draw(t, "devices"), For: 6 * time.Minute}
		latenessMs := event.Millis(rapid.IntRange(30, 120).Draw(t, "lateness")) * 1000
		byWindow := rapid.Bool().Draw(t, "by window")
		partitions := make([]partition, rapid.IntRange(1, 12).Draw(t, "partitions"))
		lag := make([]time.Duration, gateways)
		for i := range lag {
			lag[i] = time.Duration(rapid.IntRange(0, 10).Draw(t, "lag")) * time.Second
		}
		arrive := func(p scenario.Planned) {
			if p.Labels[event.ExpectLabel] == event.ExpectRefuse {
				return
			}
			r, _ := p.Event.(event.Telemetry)
			got := partitions[int(p.ID.Device*2654435761>>16)%len(partitions)].late(r.EventTime, latenessMs, byWindow)
			if want := p.Labels[event.ExpectLabel] == event.ExpectLate; got != want {
				t.Fatalf("%s at %v, from %s: late %v, planned %v", p.ID, p.At, r.EventTime, got, want)
			} else if want {
				lateSeen++
			}
		}
		queues := make([][]scenario.Planned, gateways)
		for p := range s.Plan(rapid.Uint64().Draw(t, "seed"), epoch, load) {
			queues[p.ID.Device%gateways] = append(queues[p.ID.Device%gateways], p)
			for i := range queues {
				for len(queues[i]) > 0 && queues[i][0].At+lag[i] <= p.At {
					arrive(queues[i][0])
					queues[i] = queues[i][1:]
				}
			}
		}
	})
	if lateSeen == 0 {
		t.Error("no reading was late in any plan")
	}
}

// Not parallel: it reads the heap. Twenty thousand readings per second for a
// minute must fit beside a run.
func TestMemoryOfGrading(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	l := ledger.New()
	plan := planOf(t, 1, scenario.Load{Rate: 20_000, Devices: 5000, For: time.Minute})
	n := 0
	for p := range plan {
		n++
		l.Sent(p.ID)
		l.Acknowledged(p.ID)
	}
	before := heap()
	began := time.Now()
	truth := newTruth(l)
	for p := range plan {
		if err := truth.plan(p); err != nil {
			t.Fatal(err)
		}
	}
	truth.conclude()
	took := time.Since(began)
	used := heap() - before
	runtime.KeepAlive(truth)
	t.Logf("%d readings: %.1f MiB, %.1f bytes each, %v", n, float64(used)/(1<<20), float64(used)/float64(n), took)
	const limit = 50 << 20 // twice as much with what the collector lets lie
	if n < 1_150_000 || used > limit {
		t.Errorf("%d readings need %d bytes, want at most %d", n, used, limit)
	}
}
