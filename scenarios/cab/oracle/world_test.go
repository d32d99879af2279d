package oracle

import (
	"context"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
	"github.com/weirstream/weir/simulators/cabs"
)

var epoch = time.Date(2026, 11, 21, 10, 0, 30, 0, time.UTC)

// world is a run that went well, until somebody sabotages it. It is made of
// what the plan's labels say, the oracle of what its readings do.
type world struct {
	plan      []scenario.Planned
	ledger    *ledger.Ledger
	activity  []event.Activity
	measured  []event.Metrics
	windows   []event.Metrics
	lags      []Lag
	incidents []event.Incident
	cabs      []event.Cab
	alerts    []event.Alert
	late      []string
	letters   []DeadLetter
	poison    []string
	err       error // at the end of every list
}

func list[V any](all []V, err error) iter.Seq2[V, error] {
	return func(yield func(V, error) bool) {
		for _, v := range all {
			if !yield(v, nil) {
				return
			}
		}
		if err != nil {
			var none V
			yield(none, err)
		}
	}
}

func (w *world) Activity(context.Context) iter.Seq2[event.Activity, error] {
	return list(w.activity, w.err)
}

func (w *world) Measured(context.Context) iter.Seq2[event.Metrics, error] {
	return list(w.measured, w.err)
}

func (w *world) Alerts(context.Context) iter.Seq2[event.Alert, error] { return list(w.alerts, w.err) }

func (w *world) Lags(context.Context) iter.Seq2[Lag, error] { return list(w.lags, w.err) }

func (w *world) Windows(context.Context) iter.Seq2[event.Metrics, error] {
	return list(w.windows, w.err)
}

func (w *world) Incidents(context.Context) iter.Seq2[event.Incident, error] {
	return list(w.incidents, w.err)
}
func (w *world) Cabs(context.Context) iter.Seq2[event.Cab, error] { return list(w.cabs, w.err) }
func (w *world) Late(context.Context) iter.Seq2[string, error]    { return list(w.late, w.err) }
func (w *world) DeadLetters(context.Context) iter.Seq2[DeadLetter, error] {
	return list(w.letters, w.err)
}
func (w *world) Poison(context.Context) iter.Seq2[string, error] { return list(w.poison, w.err) }

func planOf(t testing.TB, seed uint64, load scenario.Load) iter.Seq[scenario.Planned] {
	t.Helper()
	s, err := cabs.New(cabs.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return s.Plan(seed, epoch, load)
}

// newWorld plays a plan without a mistake.
func newWorld(plan iter.Seq[scenario.Planned]) *world {
	w := &world{ledger: ledger.New(), plan: slices.Collect(plan), poison: []string{"poison-1"}}
	w.letters = []DeadLetter{{"poison-1", "magic byte"}, {"poison-1", "magic byte"}}
	perCab := map[uint32]map[uint32]scenario.Planned{}
	for _, p := range w.plan {
		w.ledger.Sent(p.ID)
		switch p.Labels[event.ExpectLabel] {
		case event.ExpectRefuse:
			w.ledger.Refused(p.ID, `field "`+p.Labels[event.FieldLabel]+`"`)
			continue
		case event.ExpectLate:
			w.late = append(w.late, p.ID.String())
		default:
			if perCab[p.ID.Device] == nil {
				perCab[p.ID.Device] = map[uint32]scenario.Planned{}
			}
			perCab[p.ID.Device][p.ID.Seq] = p
		}
		w.ledger.Acknowledged(p.ID)
	}
	zones := map[string]*event.Metrics{}
	active := map[string]map[string]bool{}
	for _, device := range slices.Sorted(maps.Keys(perCab)) {
		w.play(perCab[device], zones, active)
	}
	for _, id := range slices.Sorted(maps.Keys(zones)) {
		zones[id].ActiveCabs = int64(len(active[id]))
		w.windows = append(w.windows, *zones[id])
	}
	w.alarm()
	w.measured, w.lags = slices.Clone(w.windows), reads()
	return w
}

// play follows one cab by its labels.
func (w *world) play(readings map[uint32]scenario.Planned, zones map[string]*event.Metrics, active map[string]map[string]bool) {
	before, open, a := int64(-1), map[string]int{}, event.Activity{}
	for _, seq := range slices.Sorted(maps.Keys(readings)) {
		p := readings[seq]
		r, _ := p.Event.(event.Telemetry)
		a = event.Activity{
			ID: r.ID, Cab: r.Cab, Seq: r.Seq, EventTime: r.EventTime, Zone: p.Labels["zone"], Lat: r.Lat, Lon: r.Lon,
			SpeedKmh: r.SpeedKmh, Hired: r.Hired, Schema: r.Schema, Gap: r.Seq - before - 1,
			PickUp: p.Labels["passenger"] == "in", DropOff: p.Labels["passenger"] == "out",
		}
		if kind := p.Labels["opens"]; kind != "" {
			open[kind] = len(w.incidents)
			w.incidents = append(w.incidents, event.Incident{
				ID: event.IncidentID(r.Cab, kind, r.Seq), Cab: r.Cab, Kind: kind, OpenedSeq: r.Seq, OpenedAt: r.EventTime,
			})
			a.Health = append(a.Health, event.HealthChange{Kind: kind, Change: event.Opened, OpenedSeq: r.Seq, OpenedAt: r.EventTime})
		}
		if kind := p.Labels["closes"]; kind != "" {
			i := &w.incidents[open[kind]]
			i.Closed, i.ClosedSeq, i.ClosedAt = true, r.Seq, r.EventTime
			a.Health = append(a.Health, event.HealthChange{Kind: kind, Change: event.Closed, OpenedSeq: i.OpenedSeq, OpenedAt: i.OpenedAt})
			delete(open, kind)
		}
		if len(open) > 0 {
			a.Open = slices.Sorted(maps.Keys(open))
		}
		w.activity = append(w.activity, a)
		before = r.Seq
		add(&a, zones, active)
	}
	w.cabs = append(w.cabs, event.Cab{
		Cab: a.Cab, Seq: a.Seq, EventTime: a.EventTime, Zone: a.Zone, Lat: a.Lat, Lon: a.Lon, SpeedKmh: a.SpeedKmh,
		Hired: a.Hired, Schema: a.Schema, Open: a.Open,
	})
}

func add(a *event.Activity, zones map[string]*event.Metrics, active map[string]map[string]bool) {
	start := event.MillisOf(a.EventTime.Time().Truncate(time.Minute))
	id := event.Metrics{Zone: a.Zone, WindowStart: start}.DocumentID()
	m := zones[id]
	if m == nil {
		m = &event.Metrics{Zone: a.Zone, WindowStart: start}
		zones[id], active[id] = m, map[string]bool{}
	}
	active[id][a.Cab] = true
	m.Events++
	m.SpeedCount++
	m.Missing += a.Gap
	if a.Schema == event.SchemaOld {
		m.OldSchema++
	}
	m.SpeedSumKmh += a.SpeedKmh
	for when, n := range map[bool]*int64{a.Hired: &m.Hired, !a.Hired: &m.Free} {
		if when {
			*n++
		}
	}
	if a.PickUp {
		m.PickUps++
	}
	if a.DropOff {
		m.DropOffs++
	}
}

// grade has the oracle look at the world.
func (w *world) grade(t testing.TB) map[string]scenario.Outcome {
	t.Helper()
	o, err := New(func(context.Context, scenario.Env) (Observed, error) { return w, nil })
	if err != nil {
		t.Fatal(err)
	}
	outcomes, err := o.Grade(t.Context(), scenario.Env{}, slices.Values(w.plan), w.ledger)
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]scenario.Outcome{}
	for _, outcome := range outcomes {
		byName[outcome.Name] = outcome
	}
	if len(byName) != len(outcomes) {
		t.Fatal("two outcomes have one name")
	}
	return byName
}

// expect checks which outcomes fail and what they say.
func expect(t *testing.T, outcomes map[string]scenario.Outcome, fails map[string]string) {
	t.Helper()
	for name := range fails {
		if _, ok := outcomes[name]; !ok {
			t.Errorf("there is no outcome %q", name)
		}
	}
	for name, o := range outcomes {
		want, fail := fails[name]
		if o.Pass == fail || !strings.Contains(o.Got, want) {
			t.Errorf("%s: pass %v, got %q, want %q; expected to fail: %v with %q", name, o.Pass, o.Got, o.Want, fail, want)
		}
	}
}

func BenchmarkGrade(b *testing.B) {
	w := newWorld(planOf(b, 1, scenario.Load{Rate: 2000, Devices: 500, For: time.Minute}))
	b.ReportAllocs()
	for b.Loop() {
		expectAll(b, w.grade(b))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(w.plan)), "ns/reading")
}

func expectAll(b *testing.B, outcomes map[string]scenario.Outcome) {
	for name, o := range outcomes {
		if !o.Pass {
			b.Errorf("%s: got %s, want %s", name, o.Got, o.Want)
		}
	}
}
