package cloudwatch

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/platform/cloud/store/storetest"
)

// twins are two accounts that get the same calls: one is never reopened, the
// other now and then closed or crashed. They must answer alike.
type twins struct {
	t     *rapid.T
	clk   *storetest.Clock
	disk  *storetest.Disk
	sides [2]*Service
}

func (w *twins) each(what string, answer func(s *Service) (any, error)) {
	w.t.Helper()
	storetest.Alike(w.t, what, func(side int) string { return storetest.Answer(answer(w.sides[side])) })
}

func (w *twins) name() *string { return ptr(rapid.SampledFrom([]string{"x", "y"}).Draw(w.t, "name")) }

// put sends whole numbers, whose sums do not depend on their order.
func (w *twins) put(*rapid.T) {
	number := func(what string) float64 { return float64(rapid.IntRange(-2, 100_000).Draw(w.t, what)) }
	list := make([]MetricDatum, rapid.IntRange(1, 3).Draw(w.t, "data"))
	for i := range list {
		d := MetricDatum{MetricName: w.name(), Unit: ptr(rapid.SampledFrom([]string{"Count", "Bytes"}).Draw(w.t, "unit"))}
		d.StorageResolution = ptr(rapid.SampledFrom([]int{1, 60}).Draw(w.t, "resolution"))
		d.Timestamp = stamp(w.clk.At.Add(-time.Duration(rapid.IntRange(0, 300).Draw(w.t, "age")) * time.Second))
		if rapid.Bool().Draw(w.t, "dimension") {
			d.Dimensions = []Dimension{{"of", "<a>"}, {"by", "b"}}
		}
		switch rapid.IntRange(0, 3).Draw(w.t, "form") {
		case 0:
			d.Value = ptr(number("value"))
		case 1:
			d.Values, d.Counts = []float64{number("value"), 0.5}, []float64{2.5, float64(rapid.IntRange(0, 1).Draw(w.t, "count"))}
		case 2:
			d.Values, d.Counts = []float64{1}, []float64{0} // the metric becomes known, without data
		case 3:
			d.StatisticValues = &StatisticSet{ptr(2.0), ptr(12.0), ptr(5.0), ptr(7.0)}
		}
		list[i] = d
	}
	w.each("PutMetricData", func(s *Service) (any, error) {
		return s.putMetricData(w.t.Context(), nil, &PutMetricDataInput{Namespace: ptr("T"), MetricData: list})
	})
}

func (w *twins) pass(*rapid.T) {
	w.clk.At = w.clk.At.Add(time.Duration(rapid.IntRange(1, 9000).Draw(w.t, "seconds")) * time.Second)
}

func (w *twins) reopen(*rapid.T) {
	w.disk.Reopen()
	w.renew()
}

func (w *twins) crash(*rapid.T) {
	w.disk.Crash(rand.New(rand.NewPCG(rapid.Uint64().Draw(w.t, "crash"), 0)))
	w.renew()
}

// renew opens the one side again. What is too old goes then at the latest, so
// the other sweeps too.
func (w *twins) renew() {
	w.sides[1] = open(w.t, Config{Clock: w.clk, Data: w.disk.Data()})
	w.sides[0].store.sweep(w.clk.At)
	w.check(w.t)
}

func (w *twins) check(*rapid.T) {
	for _, recently := range []*string{nil, ptr("PT3H")} {
		w.each("ListMetrics", func(s *Service) (any, error) {
			return s.listMetrics(w.t.Context(), nil, &ListMetricsInput{RecentlyActive: recently})
		})
	}
	for _, name := range []string{"x", "y"} {
		for _, dimensions := range [][]Dimension{nil, {{"by", "b"}, {"of", "<a>"}}} {
			for _, period := range []int{1, 60, 3600} {
				in := &GetMetricDataInput{StartTime: stamp(w.clk.At.Add(-12 * time.Hour)), EndTime: stamp(w.clk.At.Add(time.Hour)), ScanBy: ptr(scanAscending)}
				for i, stat := range []string{"SampleCount", "Sum", "Minimum", "Maximum", "p50", "p99"} {
					in.MetricDataQueries = append(in.MetricDataQueries, MetricDataQuery{Id: ptr(fmt.Sprint("q", i)), MetricStat: &MetricStat{
						Metric: &Metric{"T", name, dimensions}, Period: &period, Stat: &stat,
					}})
				}
				w.each("GetMetricData", func(s *Service) (any, error) { return s.getMetricData(w.t.Context(), nil, in) })
			}
		}
	}
}

func TestReopenedMetricsAnswerAsIfNothingHadHappened(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := &twins{t: t, clk: &storetest.Clock{At: time.Unix(1_700_000_000, 0)}, disk: storetest.New(t)}
		defer func() { w.disk.Close() }()
		w.sides = [2]*Service{open(t, Config{Clock: w.clk}), open(t, Config{Clock: w.clk, Data: w.disk.Data()})}
		t.Repeat(map[string]func(*rapid.T){
			"put": w.put, "put more": w.put, "pass": w.pass, "reopen": w.reopen, "crash": w.crash,
		})
		w.reopen(t)
	})
}

// TestForgottenMetricsLeaveTheDisk: retention empties it again.
func TestForgottenMetricsLeaveTheDisk(t *testing.T) {
	t.Parallel()
	clk, disk := &storetest.Clock{At: time.Unix(1_700_000_000, 0)}, storetest.New(t)
	defer func() { disk.Close() }()
	s := open(t, Config{Clock: clk, Data: disk.Data()})
	mustPut(t, s, MetricDatum{MetricName: ptr("old"), Value: ptr(1.0)}, MetricDatum{MetricName: ptr("old"), Value: ptr(1.0), Unit: ptr("Count")})
	clk.At = clk.At.Add(keepFor + time.Second)
	mustPut(t, s, MetricDatum{MetricName: ptr("new"), Value: ptr(1.0)})
	disk.Wait()
	entries := 0
	err := disk.Data().ScanPrefix([]byte("cloudwatch/"), func(_, _ []byte) error { entries++; return nil })
	if err != nil || entries != 2 {
		t.Errorf("%d entries, want the new metric and its point: %v", entries, err)
	}
}

// TestPointsAreReadAsWritten: any distribution, and a part of it never for the whole.
func TestPointsAreReadAsWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := &point{written: time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "written"), 5)}
		values := rapid.SliceOfN(rapid.Float64Range(0, 1e300), 0, 400).Draw(t, "values")
		for i, v := range values {
			p.add(v, []float64{1, 3, 0.25, 1e17}[i%4])
		}
		p.sum += rapid.SampledFrom([]float64{0, math.Inf(1)}).Draw(t, "more")
		text := p.encode()
		got, err := decodePoint(text)
		if err != nil || !bytes.Equal(got.encode(), text) || fmt.Sprint(got) != fmt.Sprint(p) {
			t.Fatalf("wrote %v, read %v, %v", p, got, err)
		}
		if cut := rapid.IntRange(0, len(text)-1).Draw(t, "cut"); cut < len(text) {
			if _, err := decodePoint(text[:cut]); err == nil {
				t.Fatalf("%d of %d bytes were taken for a point", cut, len(text))
			}
		}
	})
}
