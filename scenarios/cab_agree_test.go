package scenarios_test

import (
	"context"
	"iter"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
	"github.com/weirstream/weir/scenarios/cab/index"
	"github.com/weirstream/weir/scenarios/cab/measure"
	"github.com/weirstream/weir/scenarios/cab/oracle"
	"github.com/weirstream/weir/scenarios/cab/refine"
	"github.com/weirstream/weir/simulators/cabs"
)

// job is the cab scenario's stages without a Kafka between them, and documents
// without an OpenSearch.
type job struct {
	t        testing.TB
	refines  []*refine.Partition
	measures []*measure.Partition
	activity []event.Activity
	windows  []event.Metrics
	late     []string
}

func newJob(t testing.TB, partitions int, lateness time.Duration) *job {
	j := &job{t: t}
	for range partitions {
		j.refines = append(j.refines, refine.NewPartition(lateness))
		m, err := measure.NewPartition()
		if err != nil {
			t.Fatal(err)
		}
		j.measures = append(j.measures, m)
	}
	return j
}

// take hands one reading through both stages.
func (j *job) take(device uint32, r event.Telemetry) {
	r.RunID = "r"
	from := int(device*2654435761>>16) % len(j.refines)
	p := j.refines[from]
	before := p.Watermark()
	verdict := p.Take(&r, func(a event.Activity) {
		j.activity = append(j.activity, a)
		j.measure(int(a.Zone[5]+a.Zone[7])%len(j.measures), &a, from, before)
	})
	if verdict == refine.Late {
		j.late = append(j.late, r.ID)
	}
	if p.Watermark().Minute() > before.Minute() {
		for to := range j.measures {
			j.measure(to, nil, from, p.Watermark())
		}
	}
}

func (j *job) measure(to int, a *event.Activity, source int, watermark event.Millis) {
	mark := event.Mark{Run: "r", Source: int32(source), Watermark: watermark}
	err := j.measures[to].Take(a, mark, func(m event.Metrics) { j.windows = append(j.windows, m) })
	if err != nil || j.measures[to].Misplaced() > 0 {
		j.t.Fatalf("%d misplaced, %v", j.measures[to].Misplaced(), err)
	}
}

func all[V any](list []V) iter.Seq2[V, error] {
	return func(yield func(V, error) bool) {
		for _, v := range list {
			if !yield(v, nil) {
				return
			}
		}
	}
}

func (j *job) Activity(context.Context) iter.Seq2[event.Activity, error] { return all(j.activity) }
func (j *job) Measured(context.Context) iter.Seq2[event.Metrics, error]  { return all(j.windows) }
func (j *job) Late(context.Context) iter.Seq2[string, error]             { return all(j.late) }
func (j *job) Lags(context.Context) iter.Seq2[oracle.Lag, error]         { return all([]oracle.Lag{}) }
func (j *job) Poison(context.Context) iter.Seq2[string, error]           { return all([]string{}) }

func (j *job) DeadLetters(context.Context) iter.Seq2[oracle.DeadLetter, error] {
	return all([]oracle.DeadLetter{})
}

func (j *job) Windows(context.Context) iter.Seq2[event.Metrics, error] {
	return found[event.Metrics](j)
}

func (j *job) Incidents(context.Context) iter.Seq2[event.Incident, error] {
	return found[event.Incident](j)
}
func (j *job) Cabs(context.Context) iter.Seq2[event.Cab, error]     { return found[event.Cab](j) }
func (j *job) Alerts(context.Context) iter.Seq2[event.Alert, error] { return found[event.Alert](j) }

// found are the documents of one kind that the index would hold, each in its
// highest version.
func found[V any](j *job) iter.Seq2[V, error] {
	latest := map[string]index.Document{}
	keep := func(documents []index.Document) {
		for _, d := range documents {
			key := d.Index + "/" + d.ID
			if before, ok := latest[key]; !ok || d.Version > before.Version {
				latest[key] = d
			}
		}
	}
	for i := range j.activity {
		keep(index.OfActivity(&j.activity[i]))
	}
	for i := range j.windows {
		keep(index.OfMetrics(&j.windows[i]))
	}
	var bodies []V
	for _, d := range latest {
		if body, ok := d.Body.(*V); ok {
			bodies = append(bodies, *body)
		}
	}
	return all(bodies)
}

// The job and the oracle share no code and must agree on every plan, with
// either lateness, with readings sent twice and gateways that lag, and cut short.
func TestCabJobAndOracleAgree(t *testing.T) {
	t.Parallel()
	population, err := cabs.New(cabs.Config{Closing: 4 * time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	cut := map[uint64]time.Duration{2: 6 * time.Minute, 3: 5*time.Minute + 17*time.Second}
	for seed := uint64(1); seed <= 3; seed++ {
		for _, lateness := range []time.Duration{30 * time.Second, 2 * time.Minute} {
			load := scenario.Load{Rate: 200, Devices: 150, For: 7 * time.Minute, Cut: cut[seed]}
			j := agree(t, population.Plan(seed, time.Unix(1_795_255_200, 0), load), lateness)
			if len(j.late) == 0 || len(j.activity) < 50_000 || len(j.windows) < 100 {
				t.Errorf("%d late, %d readings, %d windows", len(j.late), len(j.activity), len(j.windows))
			}
		}
	}
}

// A small fleet leaves a partition to one cab, whose shift may be over before the
// plan is, and one that reports seldom has few turns after the end: every window
// is given nevertheless.
func TestCabJobAndOracleAgreeOnSmallFleets(t *testing.T) {
	t.Parallel()
	population, err := cabs.New(cabs.Config{Closing: event.Lateness + 2*event.Window})
	if err != nil {
		t.Fatal(err)
	}
	for seed := uint64(1); seed <= 10; seed++ {
		for _, load := range []scenario.Load{
			{Rate: 5, Devices: 6, For: 7 * time.Minute},
			{Rate: 5, Devices: 12, For: 7 * time.Minute, Cut: 5 * time.Minute},
			{Rate: 1, Devices: 100, For: 7 * time.Minute},
		} {
			if j := agree(t, population.Plan(seed, time.Unix(1_795_255_200, 0), load), event.Lateness); len(j.windows) < 10 {
				t.Errorf("%d windows", len(j.windows))
			}
		}
	}
}

// agree plays a plan and has the oracle grade what the job made of it.
func agree(t *testing.T, plan iter.Seq[scenario.Planned], lateness time.Duration) *job {
	t.Helper()
	j, l := newJob(t, 6, lateness), ledger.New()
	const gateways = 4
	lagging := make([][]scenario.Planned, gateways)
	for p := range plan {
		l.Sent(p.ID)
		if p.Labels[event.ExpectLabel] == event.ExpectRefuse {
			l.Refused(p.ID, `field "`+p.Labels[event.FieldLabel]+`"`)
			continue
		}
		l.Acknowledged(p.ID)
		at := p.ID.Device % gateways
		lagging[at] = append(lagging[at], p)
		deliver(j, lagging, p.At)
	}
	deliver(j, lagging, time.Hour)
	checkCabs(t, j, plan, l)
	return j
}

// deliver hands over what the gateways send by an instant, the last one three
// seconds behind the first.
func deliver(j *job, lagging [][]scenario.Planned, now time.Duration) {
	for g, queue := range lagging {
		for ; len(queue) > 0 && queue[0].At+time.Duration(g)*time.Second <= now; queue = queue[1:] {
			r, _ := queue[0].Event.(event.Telemetry)
			j.take(queue[0].ID.Device, r)
			if queue[0].Labels["again"] != "" {
				j.take(queue[0].ID.Device, r)
			}
		}
		lagging[g] = queue
	}
}

func checkCabs(t *testing.T, j *job, plan iter.Seq[scenario.Planned], l *ledger.Ledger) {
	t.Helper()
	grader, err := oracle.New(func(context.Context, scenario.Env) (oracle.Observed, error) { return j, nil })
	if err != nil {
		t.Fatal(err)
	}
	outcomes, err := grader.Grade(t.Context(), scenario.Env{}, plan, l)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range outcomes {
		if !o.Pass {
			t.Errorf("%s: got %.1500s, want %s", o.Name, o.Got, o.Want)
		}
	}
}
