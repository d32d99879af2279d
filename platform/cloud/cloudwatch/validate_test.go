package cloudwatch

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// refused checks one refusal: its code and a part of its message.
func refused(t *testing.T, name string, err error, code, message string) {
	t.Helper()
	var known *wire.Error
	if !errors.As(err, &known) || known.Code != code || !strings.Contains(known.Message, message) {
		t.Errorf("%s: got %v, want %s with %q", name, err, code, message)
	}
}

const (
	invalid   = "InvalidParameterValueException"
	missing   = "MissingRequiredParameterException"
	exclusive = "InvalidParameterCombinationException"
)

func TestPutMetricDataRefuses(t *testing.T) {
	t.Parallel()
	one := ptr(1.0)
	dimensions := func(list ...Dimension) MetricDatum {
		return MetricDatum{MetricName: ptr("m"), Value: one, Dimensions: list}
	}
	set := func(count, sum, low, high float64) MetricDatum {
		return MetricDatum{MetricName: ptr("m"), StatisticValues: &StatisticSet{&count, &sum, &low, &high}}
	}
	for name, tc := range map[string]struct {
		datum         MetricDatum
		code, message string
	}{
		"no name":                   {MetricDatum{Value: one}, missing, "MetricData.member.1.MetricName is required"},
		"a name of 256 characters":  {MetricDatum{MetricName: ptr(strings.Repeat("é", 256)), Value: one}, invalid, "MetricName is invalid: want 1 to 255"},
		"a control character":       {MetricDatum{MetricName: ptr("a\x00b"), Value: one}, invalid, "control characters"},
		"an empty value":            {dimensions(Dimension{"a", ""}), invalid, "Dimensions.member.1.Value is invalid"},
		"a blank value":             {dimensions(Dimension{"a", "  "}), invalid, "white space"},
		"a value of 1025":           {dimensions(Dimension{"a", strings.Repeat("v", 1025)}), invalid, "want 1 to 1024"},
		"a value beyond ASCII":      {dimensions(Dimension{"a", "é"}), invalid, "Dimensions.member.1.Value contains non-ASCII characters"},
		"a colon in front":          {dimensions(Dimension{":a", "b"}), invalid, "must not begin with a colon"},
		"31 dimensions":             {dimensions(make([]Dimension, 31)...), invalid, "greater than 30"},
		"infinity":                  {MetricDatum{MetricName: ptr("m"), Value: ptr(math.Inf(-1))}, invalid, "-Inf"},
		"beyond 2^360":              {MetricDatum{MetricName: ptr("m"), Value: ptr(math.Ldexp(1.1, 360))}, invalid, "2^360"},
		"a count below zero":        {MetricDatum{MetricName: ptr("m"), Values: []float64{1}, Counts: []float64{-1}}, invalid, "Counts.member.1"},
		"a count that is no number": {MetricDatum{MetricName: ptr("m"), Values: []float64{1}, Counts: []float64{math.NaN()}}, invalid, "Counts.member.1"},
		"counts alone":              {MetricDatum{MetricName: ptr("m"), Counts: []float64{1}}, missing, "Value is required"},
		"no values":                 {MetricDatum{MetricName: ptr("m"), Values: []float64{}}, missing, "Values is required"},
		"a set of nothing":          {set(0, 0, 0, 0), invalid, "SampleCount is invalid"},
		"a set upside down":         {set(1, 1, 2, 1), exclusive, "Maximum must be greater than"},
		"a set of NaN":              {set(1, math.NaN(), 1, 1), invalid, "StatisticValues.Sum"},
		"half a set":                {MetricDatum{MetricName: ptr("m"), StatisticValues: &StatisticSet{SampleCount: one}}, missing, "StatisticValues.Sum is required"},
		"all three forms":           {MetricDatum{MetricName: ptr("m"), Value: one, Values: []float64{1}, StatisticValues: &StatisticSet{one, one, one, one}}, exclusive, "mutually exclusive"},
	} {
		refused(t, name, (&PutMetricDataInput{Namespace: ptr("T"), MetricData: []MetricDatum{tc.datum}}).Validate(), tc.code, tc.message)
	}
	many := &PutMetricDataInput{Namespace: ptr("AWS/Lambda"), MetricData: make([]MetricDatum, 100)}
	refused(t, "all at once", many.Validate(), invalid, "And 181 more.")
	fine := &PutMetricDataInput{Namespace: ptr("T"), MetricData: []MetricDatum{dimensions(make([]Dimension, 0)...), set(2, 4, 1, 3)}}
	for i := range dimensionsMax {
		fine.MetricData[0].Dimensions = append(fine.MetricData[0].Dimensions, Dimension{fmt.Sprint(i), "v"})
	}
	if err := fine.Validate(); err != nil {
		t.Errorf("30 dimensions: %v", err)
	}
}

func TestGetMetricDataRefuses(t *testing.T) {
	t.Parallel()
	query := func(change func(*MetricDataQuery)) []MetricDataQuery {
		q := MetricDataQuery{Id: ptr("q"), MetricStat: &MetricStat{Metric: &Metric{Namespace: "T", MetricName: "m"}, Period: ptr(60), Stat: ptr("Sum")}}
		change(&q)
		return []MetricDataQuery{q}
	}
	now := time.Now()
	for name, tc := range map[string]struct {
		queries       []MetricDataQuery
		code, message string
	}{
		"no queries":           {nil, missing, "MetricDataQueries"},
		"501 queries":          {make([]MetricDataQuery, 501), invalid, "greater than 500"},
		"no id":                {query(func(q *MetricDataQuery) { q.Id = nil }), missing, "member.1.Id"},
		"an id in upper case":  {query(func(q *MetricDataQuery) { q.Id = ptr("Q") }), invalid, "lowercase letter"},
		"an id twice":          {append(query(func(*MetricDataQuery) {}), query(func(*MetricDataQuery) {})...), invalid, "not unique"},
		"neither form":         {query(func(q *MetricDataQuery) { q.MetricStat = nil }), exclusive, "Exactly one"},
		"both forms":           {query(func(q *MetricDataQuery) { q.Expression = ptr("q*2") }), exclusive, "Exactly one"},
		"no period":            {query(func(q *MetricDataQuery) { q.MetricStat.Period = nil }), missing, "MetricStat.Period"},
		"a period of 45":       {query(func(q *MetricDataQuery) { q.MetricStat.Period = ptr(45) }), invalid, "multiple of 60"},
		"no such statistic":    {query(func(q *MetricDataQuery) { q.MetricStat.Stat = ptr("Mean") }), invalid, "Stat is not supported"},
		"a percentile of 101":  {query(func(q *MetricDataQuery) { q.MetricStat.Stat = ptr("p101") }), invalid, "p101"},
		"a percentile of 1e1":  {query(func(q *MetricDataQuery) { q.MetricStat.Stat = ptr("p1e1") }), invalid, "p1e1"},
		"no metric":            {query(func(q *MetricDataQuery) { q.MetricStat.Metric = nil }), missing, "MetricStat.Metric"},
		"a unit of one's own":  {query(func(q *MetricDataQuery) { q.MetricStat.Unit = ptr("Furlongs") }), invalid, "no unit"},
		"a dimension too many": {query(func(q *MetricDataQuery) { q.MetricStat.Metric.Dimensions = make([]Dimension, 31) }), invalid, "greater than 30"},
	} {
		in := &GetMetricDataInput{MetricDataQueries: tc.queries, StartTime: stamp(now.Add(-time.Hour)), EndTime: stamp(now)}
		refused(t, name, in.Validate(), tc.code, tc.message)
	}
	for name, tc := range map[string]struct {
		in            GetMetricDataInput
		code, message string
	}{
		"no times":           {GetMetricDataInput{}, missing, "StartTime is required.\nThe parameter EndTime is required."},
		"times reversed":     {GetMetricDataInput{StartTime: stamp(now), EndTime: stamp(now)}, exclusive, "less than the parameter EndTime"},
		"an order of colour": {GetMetricDataInput{StartTime: stamp(now), EndTime: stamp(now.Add(1)), ScanBy: ptr("Blue")}, invalid, "ScanBy"},
		"no points":          {GetMetricDataInput{StartTime: stamp(now), EndTime: stamp(now.Add(1)), MaxDatapoints: ptr(0)}, invalid, "MaxDatapoints"},
		"too many points":    {GetMetricDataInput{StartTime: stamp(now), EndTime: stamp(now.Add(1)), MaxDatapoints: ptr(100_801)}, invalid, "100800"},
	} {
		tc.in.MetricDataQueries = query(func(*MetricDataQuery) {})
		refused(t, name, tc.in.Validate(), tc.code, tc.message)
	}
	for name, change := range map[string]func(*MetricDataQuery){
		"expressions of cloudwatch:GetMetricData": func(q *MetricDataQuery) { q.MetricStat, q.Expression = nil, ptr("SUM(METRICS())") },
		"dynamic labels":            func(q *MetricDataQuery) { q.Label = ptr("${MAX}") },
		"metrics of other accounts": func(q *MetricDataQuery) { q.AccountId = ptr("111122223333") },
		`the statistic "tm99"`:      func(q *MetricDataQuery) { q.MetricStat.Stat = ptr("tm99") },
	} {
		in := &GetMetricDataInput{MetricDataQueries: query(change), StartTime: stamp(now.Add(-time.Hour)), EndTime: stamp(now)}
		if err := in.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		_, err := open(t, Config{}).getMetricData(t.Context(), nil, in)
		refused(t, name, err, "NotImplementedException", name)
	}
}

func TestGetMetricStatisticsRefuses(t *testing.T) {
	t.Parallel()
	now := time.Now()
	ask := func(change func(*GetMetricStatisticsInput)) error {
		in := &GetMetricStatisticsInput{
			Metric: Metric{Namespace: "T", MetricName: "m"}, Period: ptr(60), Statistics: []string{"Sum"},
			StartTime: stamp(now.Add(-24 * time.Hour)), EndTime: stamp(now),
		}
		change(in)
		if err := in.Validate(); err != nil {
			return err
		}
		_, err := open(t, Config{}).getMetricStatistics(t.Context(), nil, in)
		return err
	}
	for name, tc := range map[string]struct {
		change        func(*GetMetricStatisticsInput)
		code, message string
	}{
		"neither kind":           {func(in *GetMetricStatisticsInput) { in.Statistics = nil }, missing, "Statistics"},
		"both kinds":             {func(in *GetMetricStatisticsInput) { in.ExtendedStatistics = []string{"p50"} }, exclusive, "mutually exclusive"},
		"a percentile as plain":  {func(in *GetMetricStatisticsInput) { in.Statistics = []string{"p50"} }, invalid, "Statistics.member.1"},
		"an unknown percentile":  {func(in *GetMetricStatisticsInput) { in.Statistics, in.ExtendedStatistics = nil, []string{"q50"} }, invalid, "ExtendedStatistics.member.1"},
		"eleven percentiles":     {func(in *GetMetricStatisticsInput) { in.Statistics, in.ExtendedStatistics = nil, make([]string, 11) }, invalid, "greater than 10"},
		"1,441 points":           {func(in *GetMetricStatisticsInput) { in.StartTime = stamp(now.Add(-24*time.Hour - time.Minute)) }, exclusive, "1441 datapoints"},
		"a thousand years by 1s": {func(in *GetMetricStatisticsInput) { in.StartTime, in.Period = stamp(now.AddDate(-1000, 0, 0)), ptr(1) }, exclusive, "exceeds the limit of 1440"},
	} {
		refused(t, name, ask(tc.change), tc.code, tc.message)
	}
	if err := ask(func(*GetMetricStatisticsInput) {}); err != nil {
		t.Errorf("1,440 points: %v", err)
	}
}
