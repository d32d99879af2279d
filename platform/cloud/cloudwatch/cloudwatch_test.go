package cloudwatch

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

func ptr[T any](v T) *T { return &v }

func stamp(t time.Time) *wire.Timestamp { return &wire.Timestamp{Time: t} }

func open(t interface{ Fatal(...any) }, cfg Config) *Service {
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// put stores data as a call would.
func put(t *testing.T, s *Service, namespace string, data ...MetricDatum) error {
	t.Helper()
	in := &PutMetricDataInput{Namespace: &namespace, MetricData: data}
	if err := in.Validate(); err != nil {
		return err
	}
	_, err := s.putMetricData(t.Context(), nil, in)
	return err
}

func mustPut(t *testing.T, s *Service, data ...MetricDatum) {
	t.Helper()
	if err := put(t, s, "T", data...); err != nil {
		t.Fatal(err)
	}
}

// read asks for one statistic of a metric without dimensions, oldest first.
func read(t *testing.T, s *Service, name, stat string, from, to time.Time, periodSeconds int) MetricDataResult {
	t.Helper()
	in := &GetMetricDataInput{
		StartTime: stamp(from), EndTime: stamp(to), ScanBy: ptr(scanAscending),
		MetricDataQueries: []MetricDataQuery{{Id: ptr("q"), MetricStat: &MetricStat{
			Metric: &Metric{Namespace: "T", MetricName: name}, Period: &periodSeconds, Stat: &stat,
		}}},
	}
	if err := in.Validate(); err != nil {
		t.Fatal(err)
	}
	out, err := s.getMetricData(t.Context(), nil, in)
	if err != nil {
		t.Fatal(err)
	}
	return out.MetricDataResults[0]
}

func TestPeriods(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Config{})
		minute := time.Now().Truncate(time.Hour)
		for second := range 120 {
			mustPut(t, s,
				MetricDatum{MetricName: ptr("fine"), Value: ptr(1.0), StorageResolution: ptr(1), Timestamp: stamp(minute.Add(time.Duration(second) * time.Second))},
				MetricDatum{MetricName: ptr("plain"), Value: ptr(1.0), Timestamp: stamp(minute.Add(time.Duration(second) * time.Second))})
		}
		for _, tc := range []struct {
			name   string
			from   time.Duration
			to     time.Duration
			period int
			want   string
		}{
			{"fine", 0, time.Minute, 30, "[30 30]"},
			{"fine", 0, time.Minute, 20, "[20 20 20]"},
			{"fine", 0, 3 * time.Second, 1, "[1 1 1]"},
			{"fine", 25 * time.Second, time.Minute, 10, "[10 10 10 10]"}, // the start is rounded down to a period
			{"fine", 0, 90 * time.Second, 60, "[60 30]"},
			{"plain", 0, 2 * time.Minute, 60, "[60 60]"},
			{"plain", 0, 2 * time.Minute, 120, "[120]"},
			{"plain", 0, 2 * time.Minute, 30, "[60 60]"}, // a plain metric knows minutes only
			{"plain", 0, time.Minute, 60, "[60]"},        // the end is exclusive
		} {
			got := read(t, s, tc.name, "Sum", minute.Add(tc.from), minute.Add(tc.to), tc.period)
			if fmt.Sprint(got.Values) != tc.want {
				t.Errorf("%s by %d s from %s to %s: %v, want %s", tc.name, tc.period, tc.from, tc.to, got.Values, tc.want)
			}
		}
	})
}

func TestHighResolutionIsRolledUpAfterThreeHours(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Config{})
		minute := time.Now().Truncate(time.Minute)
		for second := range 60 {
			mustPut(t, s, MetricDatum{MetricName: ptr("m"), Value: ptr(float64(second)), StorageResolution: ptr(1), Timestamp: stamp(minute.Add(time.Duration(second) * time.Second))})
		}
		if got := read(t, s, "m", "SampleCount", minute, minute.Add(time.Minute), 1); len(got.Values) != 60 {
			t.Fatalf("%d points of a second, want 60", len(got.Values))
		}
		time.Sleep(fineFor + 2*time.Minute)
		mustPut(t, s, MetricDatum{MetricName: ptr("other"), Value: ptr(1.0)}) // sweeps
		if got := read(t, s, "m", "SampleCount", minute, minute.Add(time.Minute), 1); len(got.Values) != 0 {
			t.Errorf("after three hours there still are %d points of a second", len(got.Values))
		}
		for stat, want := range map[string]float64{"SampleCount": 60, "Minimum": 0, "Maximum": 59, "Average": 29.5} {
			if got := read(t, s, "m", stat, minute, minute.Add(time.Minute), 60); len(got.Values) != 1 || float64(got.Values[0]) != want {
				t.Errorf("%s of the minute: %v, want %g", stat, got.Values, want)
			}
		}
		if points := len(s.store.series[Metric{Namespace: "T", MetricName: "m"}.key()].points); points != 1 {
			t.Errorf("the store keeps %d points, want 1", points)
		}
		time.Sleep(keepFor - fineFor)
		mustPut(t, s, MetricDatum{MetricName: ptr("other"), Value: ptr(1.0)})
		if got := read(t, s, "m", "Sum", minute, minute.Add(time.Minute), 60); len(got.Values) != 0 || len(s.store.series) != 1 {
			t.Errorf("six hours after the write: %v, %d metrics", got.Values, len(s.store.series))
		}
	})
}

func TestStoreRefusesWhatWouldExceedIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Config{})
		batch := func(from, n int) []MetricDatum {
			list := make([]MetricDatum, n)
			for i := range list {
				list[i] = MetricDatum{MetricName: ptr("m" + fmt.Sprint(from+i)), Value: ptr(1.0)}
			}
			return list
		}
		for from := 0; from < metricsMax; from += dataMax {
			mustPut(t, s, batch(from, dataMax)...)
		}
		err := put(t, s, "T", append(batch(0, 1), batch(metricsMax, 1)...)...)
		var refused *wire.Error
		if !errors.As(err, &refused) || refused.Code != "LimitExceededFault" {
			t.Fatalf("metric %d: %v", metricsMax+1, err)
		}
		from := time.Now().Add(-time.Hour)
		if got := read(t, s, "m0", "SampleCount", from, time.Now().Add(time.Hour), 3600*3); fmt.Sprint(got.Values) != "[1]" {
			t.Errorf("a refused call left something: %v", got.Values)
		}
		mustPut(t, s, batch(0, 1)...) // known metrics still take data
		time.Sleep(keepFor + time.Hour)
		mustPut(t, s, batch(metricsMax, dataMax)...) // what was forgotten makes room
		if n := len(s.store.series); n != dataMax {
			t.Errorf("%d metrics are left, want %d", n, dataMax)
		}
	})
}

func TestCellsAreBalanced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Config{})
		for i := range 500 {
			mustPut(t, s, MetricDatum{MetricName: ptr("m"), Value: ptr(float64(i)), StorageResolution: ptr([]int{1, 60}[i%2])})
			time.Sleep(time.Minute)
			sum := 0
			for _, in := range s.store.series {
				for _, p := range in.points {
					sum += p.cells()
				}
			}
			if sum != s.store.cells {
				t.Fatalf("after %d minutes the store counts %d cells and holds %d", i, s.store.cells, sum)
			}
		}
	})
}

func TestPercentiles(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		values    []float64
		p         float64
		want      float64
		tolerance float64
	}{
		"one value":         {[]float64{0.1}, 99, 0.1, 0},
		"exact where alone": {[]float64{10, 10, 20, 30}, 50, 10, 0},
		"the highest":       {[]float64{1, 2, 3, 4}, 100, 4, 0},
		"the lowest":        {[]float64{1, 2, 3, 4}, 0, 1, 0},
		"zeros":             {[]float64{0, 0, 0, 5}, 75, 0, 0},
		"a thousand":        {ramp(1000), 99, 990, 0.01},
		"a wide spread":     {[]float64{1e-9, 1e-3, 1, 1e6, 1e12}, 60, 1, 0.01},
	} {
		var d distribution
		for _, v := range tc.values {
			d.add(v, 1)
		}
		if got, ok := d.percentile(tc.p); !ok || math.Abs(got-tc.want) > tc.want*tc.tolerance {
			t.Errorf("%s: p%g is %g, %t; want %g", name, tc.p, got, ok, tc.want)
		}
	}
	var negative, set distribution
	negative.add(1, 1)
	negative.add(-1, 1)
	set.addSet(2, 4, 1, 3)
	for name, d := range map[string]*distribution{"negative": &negative, "statistic set": &set, "nothing": {}} {
		if got, ok := d.percentile(50); ok {
			t.Errorf("%s: a percentile of %g", name, got)
		}
	}
}

func ramp(n int) []float64 {
	list := make([]float64, n)
	for i := range list {
		list[i] = float64(i + 1)
	}
	return list
}

func TestManyBinsAreMergedWithinBounds(t *testing.T) {
	t.Parallel()
	var d distribution
	for exponent := -300; exponent <= 300; exponent++ {
		d.add(math.Pow(10, float64(exponent)/3), 1)
	}
	if len(d.bins) > binsMax {
		t.Errorf("%d bins", len(d.bins))
	}
	if got, ok := d.percentile(50); !ok || got < 1.0/13 || got > 13 { // a bin spans 1.01^256
		t.Errorf("the median of 10^-100 to 10^100 is %g, %t", got, ok)
	}
}

// Counts of zero are no data: no statistic may divide by them.
func TestCountsOfZero(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Config{})
		mustPut(t, s, MetricDatum{MetricName: ptr("m"), Values: []float64{1, 2}, Counts: []float64{0, 0}})
		out, err := s.getMetricStatistics(t.Context(), nil, &GetMetricStatisticsInput{
			Metric: Metric{Namespace: "T", MetricName: "m"}, Statistics: []string{"Average"}, Period: ptr(60),
			StartTime: stamp(time.Now().Add(-time.Hour)), EndTime: stamp(time.Now().Add(time.Hour)),
		})
		if err != nil || len(out.Datapoints) != 0 {
			t.Errorf("got %+v, %v", out, err)
		}
	})
}

func TestListMetricsPages(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := open(t, Config{})
		for from := range 2 {
			var data []MetricDatum
			for i := range 600 {
				data = append(data, MetricDatum{MetricName: ptr(fmt.Sprintf("m%d", from*600+i)), Value: ptr(1.0)})
			}
			mustPut(t, s, data...)
		}
		in := &ListMetricsInput{}
		seen, pages := make(map[string]bool), 0
		for {
			out, err := s.listMetrics(t.Context(), nil, in)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range out.Metrics {
				if m.Dimensions == nil {
					t.Fatal("a metric without dimensions has no list of them")
				}
				seen[m.MetricName] = true
			}
			if pages++; out.NextToken == nil {
				break
			}
			in.NextToken = out.NextToken
		}
		if len(seen) != 1200 || pages != 3 {
			t.Errorf("%d metrics on %d pages, want 1200 on 3", len(seen), pages)
		}
		time.Sleep(recentlyMax + time.Minute)
		if out, err := s.listMetrics(t.Context(), nil, &ListMetricsInput{RecentlyActive: ptr(recentlyValue)}); err != nil || len(out.Metrics) != 0 {
			t.Errorf("recently active after three hours: %d, %v", len(out.Metrics), err)
		}
	})
}

func TestNextTokens(t *testing.T) {
	t.Parallel()
	for _, p := range []place{{}, {query: 3}, {query: 1, after: -5, begun: true}} {
		text := p.token()
		if got, err := parsePlace(&text); err != nil || got != p {
			t.Errorf("%+v came back as %+v, %v", p, got, err)
		}
	}
	for _, text := range []string{"", "x", "!", place{query: -1}.token(), place{}.token() + "A", strings.Repeat("A", 1<<16)} {
		if got, err := parsePlace(&text); err == nil {
			t.Errorf("%.20q is taken for %+v", text, got)
		}
	}
}
