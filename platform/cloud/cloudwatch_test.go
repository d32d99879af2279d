package cloud

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/smithy-go"
)

func dimension(name, value string) types.Dimension {
	return types.Dimension{Name: &name, Value: &value}
}

// ask reads one statistic of the last and the next hour.
func ask(t *testing.T, client *cloudwatch.Client, namespace, name, stat string, dimensions ...types.Dimension) []float64 {
	t.Helper()
	now := time.Now()
	out, err := client.GetMetricData(t.Context(), &cloudwatch.GetMetricDataInput{
		StartTime: aws.Time(now.Add(-time.Hour)), EndTime: aws.Time(now.Add(time.Hour)),
		MetricDataQueries: []types.MetricDataQuery{{Id: aws.String("q"), MetricStat: &types.MetricStat{
			Metric: &types.Metric{Namespace: &namespace, MetricName: &name, Dimensions: dimensions},
			Period: aws.Int32(3600), Stat: &stat,
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.MetricDataResults[0].Values
}

func TestCloudWatchWithTheSDK(t *testing.T) {
	t.Parallel()
	c := runCloud(t, Config{})
	client := cloudwatch.NewFromConfig(rootConfig(t, c))
	at := time.Now().Truncate(time.Hour) // so that all points share the hour
	data := []types.MetricDatum{
		{MetricName: aws.String("Latency"), Dimensions: []types.Dimension{dimension("b", "2"), dimension("a", "1")}, Timestamp: &at, Unit: types.StandardUnitMilliseconds, Value: aws.Float64(4)},
		{MetricName: aws.String("Latency"), Dimensions: []types.Dimension{dimension("a", "1"), dimension("b", "2")}, Timestamp: &at, Unit: types.StandardUnitMilliseconds, StatisticValues: &types.StatisticSet{
			SampleCount: aws.Float64(2), Sum: aws.Float64(6), Minimum: aws.Float64(1), Maximum: aws.Float64(5),
		}},
		{MetricName: aws.String("Size"), Timestamp: &at, Values: []float64{0, 10, 100}, Counts: []float64{1, 8, 1}},
	}
	// More than 10 KB: the SDK sends it gzipped.
	for i := range 400 {
		data = append(data, types.MetricDatum{MetricName: aws.String("Many"), Timestamp: &at, Value: aws.Float64(1), Dimensions: []types.Dimension{dimension("n", fmt.Sprint(i))}})
	}
	if _, err := client.PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{Namespace: aws.String("Test"), MetricData: data}); err != nil {
		t.Fatal(err)
	}
	ab := []types.Dimension{dimension("a", "1"), dimension("b", "2")}
	for _, tc := range []struct {
		name, stat string
		want       float64
		dimensions []types.Dimension
	}{
		{"Latency", "Average", 10.0 / 3, ab},
		{"Latency", "Sum", 10, ab},
		{"Latency", "Minimum", 1, ab},
		{"Latency", "Maximum", 5, ab},
		{"Latency", "SampleCount", 3, ab},
		{"Size", "p50", 10, nil},
		{"Size", "p5", 0, nil},
		{"Size", "p99.9", 100, nil},
		{"Many", "Sum", 1, []types.Dimension{dimension("n", "399")}},
	} {
		got := ask(t, client, "Test", tc.name, tc.stat, tc.dimensions...)
		if len(got) != 1 || math.Abs(got[0]-tc.want) > tc.want*0.006 {
			t.Errorf("%s %s: %v, want %g", tc.name, tc.stat, got, tc.want)
		}
	}
	if got := ask(t, client, "Test", "Latency", "p50", ab...); len(got) != 0 {
		t.Errorf("percentile of a statistic set: %v", got)
	}

	var listed int
	pages := cloudwatch.NewListMetricsPaginator(client, &cloudwatch.ListMetricsInput{Namespace: aws.String("Test"), Dimensions: []types.DimensionFilter{{Name: aws.String("n")}}})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		listed += len(page.Metrics)
	}
	if listed != 400 {
		t.Errorf("listed %d metrics, want 400", listed)
	}
	points := func(ask cloudwatch.GetMetricStatisticsInput) types.Datapoint {
		ask.Namespace, ask.MetricName, ask.Period = aws.String("Test"), aws.String("Size"), aws.Int32(60)
		ask.StartTime, ask.EndTime = &at, aws.Time(at.Add(time.Hour))
		out, err := client.GetMetricStatistics(t.Context(), &ask)
		if err != nil || len(out.Datapoints) != 1 {
			t.Fatalf("got %+v, %v", out, err)
		}
		return out.Datapoints[0]
	}
	if d := points(cloudwatch.GetMetricStatisticsInput{Statistics: []types.Statistic{types.StatisticSum, types.StatisticAverage}}); *d.Sum != 180 || *d.Average != 18 || d.Maximum != nil || !d.Timestamp.Equal(at) || d.Unit != "None" {
		t.Errorf("point %+v", d)
	}
	if d := points(cloudwatch.GetMetricStatisticsInput{ExtendedStatistics: []string{"p50"}}); d.ExtendedStatistics["p50"] != 10 || d.Sum != nil {
		t.Errorf("point %+v", d)
	}
}

func TestCloudWatchPages(t *testing.T) {
	t.Parallel()
	c := runCloud(t, Config{})
	client := cloudwatch.NewFromConfig(rootConfig(t, c))
	first := time.Now().Truncate(time.Minute).Add(-20 * time.Minute)
	var data []types.MetricDatum
	for i := range 10 {
		data = append(data, types.MetricDatum{MetricName: aws.String("M"), Timestamp: aws.Time(first.Add(time.Duration(i) * time.Minute)), Value: aws.Float64(float64(i))})
	}
	if _, err := client.PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{Namespace: aws.String("Test"), MetricData: data}); err != nil {
		t.Fatal(err)
	}
	query := func(id string) types.MetricDataQuery {
		return types.MetricDataQuery{Id: &id, MetricStat: &types.MetricStat{
			Metric: &types.Metric{Namespace: aws.String("Test"), MetricName: aws.String("M")}, Period: aws.Int32(60), Stat: aws.String("Sum"),
		}}
	}
	for order, want := range map[types.ScanBy]string{
		types.ScanByTimestampAscending:  "[0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9]",
		types.ScanByTimestampDescending: "[9 8 7 6 5 4 3 2 1 0 9 8 7 6 5 4 3 2 1 0]",
	} {
		for _, most := range []int32{1, 3, 10, 20, 100} {
			var got []float64
			pages := cloudwatch.NewGetMetricDataPaginator(client, &cloudwatch.GetMetricDataInput{
				StartTime: &first, EndTime: aws.Time(first.Add(10 * time.Minute)), ScanBy: order,
				MaxDatapoints: &most, MetricDataQueries: []types.MetricDataQuery{query("a"), query("b")},
			})
			for pages.HasMorePages() {
				page, err := pages.NextPage(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range page.MetricDataResults {
					got = append(got, r.Values...)
				}
			}
			if fmt.Sprint(got) != want {
				t.Errorf("%s by %d: %v", order, most, got)
			}
		}
	}
}

func TestCloudWatchRefuses(t *testing.T) {
	t.Parallel()
	c := runCloud(t, Config{})
	client := cloudwatch.NewFromConfig(rootConfig(t, c))
	long := types.MetricDatum{MetricName: aws.String("m"), Value: aws.Float64(1)}
	for i := range 31 {
		long.Dimensions = append(long.Dimensions, dimension(fmt.Sprint(i), "v"))
	}
	one := aws.Float64(1)
	for name, tc := range map[string]struct {
		namespace, code, message string
		data                     []types.MetricDatum
	}{
		"a service's namespace":  {"AWS/Kinesis", "InvalidParameterValue", "Namespace", []types.MetricDatum{{MetricName: aws.String("m"), Value: one}}},
		"no value":               {"T", "MissingParameter", "MetricData.member.1.Value", []types.MetricDatum{{MetricName: aws.String("m")}}},
		"two forms of value":     {"T", "InvalidParameterCombination", "mutually exclusive", []types.MetricDatum{{MetricName: aws.String("m"), Value: one, Values: []float64{1}}}},
		"not a number":           {"T", "InvalidParameterValue", "NaN", []types.MetricDatum{{MetricName: aws.String("m"), Value: aws.Float64(math.NaN())}}},
		"counts that do not fit": {"T", "InvalidParameterCombination", "same size", []types.MetricDatum{{MetricName: aws.String("m"), Values: []float64{1, 2}, Counts: []float64{1}}}},
		"151 values":             {"T", "InvalidParameterValue", "greater than 150", []types.MetricDatum{{MetricName: aws.String("m"), Values: make([]float64, 151)}}},
		"31 dimensions":          {"T", "InvalidParameterValue", "greater than 30", []types.MetricDatum{long}},
		"a dimension twice":      {"T", "InvalidParameterValue", "twice", []types.MetricDatum{{MetricName: aws.String("m"), Value: one, Dimensions: []types.Dimension{dimension("a", "1"), dimension("a", "2")}}}},
		"a unit of one's own":    {"T", "InvalidParameterValue", "unit", []types.MetricDatum{{MetricName: aws.String("m"), Value: one, Unit: "Furlongs"}}},
		"resolution 5":           {"T", "InvalidParameterValue", "StorageResolution", []types.MetricDatum{{MetricName: aws.String("m"), Value: one, StorageResolution: aws.Int32(5)}}},
		"three weeks ago":        {"T", "InvalidParameterValue", "past two weeks", []types.MetricDatum{{MetricName: aws.String("m"), Value: one, Timestamp: aws.Time(time.Now().Add(-21 * 24 * time.Hour))}}},
		"in three hours":         {"T", "InvalidParameterValue", "two hours", []types.MetricDatum{{MetricName: aws.String("m"), Value: one, Timestamp: aws.Time(time.Now().Add(3 * time.Hour))}}},
		"1,001 metrics":          {"T", "InvalidParameterValue", "greater than 1000", make([]types.MetricDatum, 1001)},
	} {
		for i := range tc.data {
			if tc.data[i].MetricName == nil {
				tc.data[i].MetricName = aws.String("m") // the SDK itself would refuse it
			}
		}
		_, err := client.PutMetricData(t.Context(), &cloudwatch.PutMetricDataInput{Namespace: &tc.namespace, MetricData: tc.data})
		var api smithy.APIError
		if !errors.As(err, &api) || !strings.HasPrefix(api.ErrorCode(), tc.code) || !strings.Contains(api.ErrorMessage(), tc.message) {
			t.Errorf("%s: %v", name, err)
		}
	}
	now := time.Now()
	_, err := client.GetMetricData(t.Context(), &cloudwatch.GetMetricDataInput{
		StartTime: aws.Time(now.Add(-time.Hour)), EndTime: &now,
		MetricDataQueries: []types.MetricDataQuery{{Id: aws.String("e"), Expression: aws.String("m1 / m2")}},
	})
	if err == nil || !strings.Contains(err.Error(), "NotImplemented") || !strings.Contains(err.Error(), "m1 / m2") {
		t.Errorf("an expression: %v", err)
	}
	if _, err := client.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{}); err == nil || !strings.Contains(err.Error(), "cloudwatch:DescribeAlarms") {
		t.Errorf("a missing operation: %v", err)
	}
}

func TestKinesisMetricsReachCloudWatch(t *testing.T) {
	t.Parallel()
	c := runCloud(t, Config{})
	cfg := rootConfig(t, c)
	streams, metrics := kinesis.NewFromConfig(cfg), cloudwatch.NewFromConfig(cfg)
	name := aws.String("measured")
	if _, err := streams.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: name, ShardCount: aws.Int32(1)}); err != nil {
		t.Fatal(err)
	}
	if err := kinesis.NewStreamExistsWaiter(streams, func(o *kinesis.StreamExistsWaiterOptions) { o.MinDelay = 5 * time.Millisecond }).
		Wait(t.Context(), &kinesis.DescribeStreamInput{StreamName: name}, time.Minute); err != nil {
		t.Fatal(err)
	}
	put := func(data []byte) {
		if _, err := streams.PutRecord(t.Context(), &kinesis.PutRecordInput{StreamName: name, PartitionKey: aws.String("key"), Data: data}); err != nil {
			t.Fatal(err)
		}
	}
	put([]byte("1234567"))
	put(bytes.Repeat([]byte{1}, 87))
	it, err := streams.GetShardIterator(t.Context(), &kinesis.GetShardIteratorInput{StreamName: name, ShardId: aws.String("shardId-000000000000"), ShardIteratorType: "TRIM_HORIZON"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := streams.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: it.ShardIterator, Limit: aws.Int32(1)}); err != nil {
		t.Fatal(err)
	}
	for metric, want := range map[string]float64{
		"IncomingRecords": 2, "IncomingBytes": 100, "PutRecord.Success": 2, "GetRecords.Records": 1, "GetRecords.Bytes": 10,
		"WriteProvisionedThroughputExceeded": 0,
	} {
		var sum float64
		for _, v := range ask(t, metrics, "AWS/Kinesis", metric, "Sum", dimension("StreamName", "measured")) { // two, where the hour turns
			sum += v
		}
		if sum != want {
			t.Errorf("%s: %g, want %g", metric, sum, want)
		}
	}
	if age := ask(t, metrics, "AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds", "Maximum", dimension("StreamName", "measured")); len(age) == 0 || age[0] < 1 {
		t.Errorf("iterator age %v, want more than nothing: a record is left", age)
	}
}
