package lambda_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cloudwatchtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	kinesistypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/weirstream/weir/platform/cloud"
	"github.com/weirstream/weir/platform/cloud/cloudtest"
)

func TestTagsWithTheSDK(t *testing.T) {
	t.Parallel()
	a, ctx := newAccount(t), t.Context()
	in := a.input("echo")
	in.Tags = map[string]string{"team": "x", "old": "1"}
	created, err := a.functions.CreateFunction(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.functions.TagResource(ctx, &awslambda.TagResourceInput{Resource: created.FunctionArn, Tags: map[string]string{"team": "y", "a/b c": "z"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.functions.UntagResource(ctx, &awslambda.UntagResourceInput{Resource: created.FunctionArn, TagKeys: []string{"old", "none"}}); err != nil {
		t.Fatal(err)
	}
	list, err := a.functions.ListTags(ctx, &awslambda.ListTagsInput{Resource: created.FunctionArn})
	if err != nil || fmt.Sprint(list.Tags) != "map[a/b c:z team:y]" {
		t.Errorf("tags %v %v", list, err)
	}
	many := map[string]string{}
	for i := range 49 {
		many[fmt.Sprint(i)] = ""
	}
	for resource, want := range map[string]string{
		*created.FunctionArn:                                  "InvalidParameterValueException", // 51 tags
		*created.FunctionArn + ":1":                           "InvalidParameterValueException",
		"arn:aws:lambda:us-east-1:123456789012:function:none": "ResourceNotFoundException",
		"arn:aws:lambda:us-east-1:123456789012:event-source-mapping:00000000-0000-0000-0000-000000000000": "NotImplementedException",
		"echo": "ValidationException",
	} {
		if _, err := a.functions.TagResource(ctx, &awslambda.TagResourceInput{Resource: &resource, Tags: many}); code(err) != want {
			t.Errorf("%s: %v, want %s", resource, err, want)
		}
	}
}

func TestAccountSettings(t *testing.T) {
	t.Parallel()
	a, ctx := newAccount(t), t.Context()
	a.create(t, "echo")
	if _, err := a.functions.PutFunctionConcurrency(ctx, &awslambda.PutFunctionConcurrencyInput{FunctionName: aws.String("echo"), ReservedConcurrentExecutions: aws.Int32(30)}); err != nil {
		t.Fatal(err)
	}
	got, err := a.functions.GetAccountSettings(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if l, u := got.AccountLimit, got.AccountUsage; l.ConcurrentExecutions != 1000 || *l.UnreservedConcurrentExecutions != 970 || u.FunctionCount != 1 || u.TotalCodeSize == 0 {
		t.Errorf("limits %+v, usage %+v", l, u)
	}
	_, err = a.functions.AddPermission(ctx, &awslambda.AddPermissionInput{
		FunctionName: aws.String("echo"), StatementId: aws.String("s"), Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("*"),
	})
	if code(err) != "NotImplementedException" || !strings.Contains(err.Error(), "resource-based policies") {
		t.Errorf("permission: %v", err)
	}
}

// Over TLS a function trusts the cloud's own authority and calls it back.
func TestFunctionsCallTheCloudOverTLS(t *testing.T) {
	t.Parallel()
	c := cloudtest.Run(t, cloud.Config{Launcher: launcher{}, TLS: true})
	a := accountOf(t, cloudtest.Root(t, c))
	in := a.input("whoami")
	in.Timeout = aws.Int32(30)
	if _, err := a.functions.CreateFunction(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	out, err := a.functions.Invoke(t.Context(), &awslambda.InvokeInput{FunctionName: in.FunctionName})
	if err != nil || out.FunctionError != nil || !strings.Contains(string(out.Payload), ":assumed-role/fn/whoami") {
		t.Errorf("the function says %s, %v", out.Payload, err)
	}
}

func TestAnAliasIsFedByAMapping(t *testing.T) {
	t.Parallel()
	a, ctx := newAccount(t), t.Context()
	a.create(t, "echo")
	a.publish(t, "echo")
	if _, err := a.functions.CreateAlias(ctx, &awslambda.CreateAliasInput{FunctionName: aws.String("echo"), Name: aws.String("live"), FunctionVersion: aws.String("1")}); err != nil {
		t.Fatal(err)
	}
	a.allow(t, `"kinesis:*"`)
	if _, err := a.streams.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: aws.String("s"), ShardCount: aws.Int32(1)}); err != nil {
		t.Fatal(err)
	}
	until(t, "stream is active", func() bool {
		out, err := a.streams.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: aws.String("s")})
		return err == nil && out.StreamDescriptionSummary.StreamStatus == kinesistypes.StreamStatusActive
	})
	mapping := func(function string) (*awslambda.CreateEventSourceMappingOutput, error) {
		return a.functions.CreateEventSourceMapping(ctx, &awslambda.CreateEventSourceMappingInput{
			FunctionName: &function, EventSourceArn: aws.String("arn:aws:kinesis:us-east-1:123456789012:stream/s"),
			StartingPosition: types.EventSourcePositionTrimHorizon,
		})
	}
	if _, err := mapping("echo:none"); code(err) != "ResourceNotFoundException" {
		t.Errorf("no such alias: %v", err)
	}
	m, err := mapping("echo:live")
	if err != nil || !strings.HasSuffix(*m.FunctionArn, ":function:echo:live") {
		t.Fatalf("created %+v %v", m, err)
	}
	if _, err := a.streams.PutRecord(ctx, &kinesis.PutRecordInput{StreamName: aws.String("s"), PartitionKey: aws.String("k"), Data: []byte("x")}); err != nil {
		t.Fatal(err)
	}
	until(t, "the alias has the record", func() bool {
		got, err := a.functions.GetEventSourceMapping(ctx, &awslambda.GetEventSourceMappingInput{UUID: m.UUID})
		return err == nil && *got.LastProcessingResult == "OK"
	})
	list, err := a.functions.ListEventSourceMappings(ctx, &awslambda.ListEventSourceMappingsInput{FunctionName: aws.String("echo:live")})
	if err != nil || len(list.EventSourceMappings) != 1 {
		t.Errorf("listed %+v %v", list, err)
	}
}

func TestEventsAreMeasured(t *testing.T) {
	t.Parallel()
	c := cloudtest.Run(t, cloud.Config{Launcher: launcher{}})
	cfg := cloudtest.Root(t, c)
	a, watch, ctx := accountOf(t, cfg), cloudwatch.NewFromConfig(cfg), t.Context()
	a.create(t, "fail")
	if _, err := a.functions.PutFunctionEventInvokeConfig(ctx, &awslambda.PutFunctionEventInvokeConfigInput{FunctionName: aws.String("fail"), MaximumRetryAttempts: aws.Int32(0)}); err != nil {
		t.Fatal(err)
	}
	a.event(t, "fail", "1")
	a.event(t, "fail", "2")
	sum := func(metric string) (total, samples float64) {
		now := time.Now()
		out, err := watch.GetMetricStatistics(ctx, &cloudwatch.GetMetricStatisticsInput{
			Namespace: aws.String("AWS/Lambda"), MetricName: &metric, Period: aws.Int32(60),
			StartTime: aws.Time(now.Add(-10 * time.Minute)), EndTime: aws.Time(now.Add(10 * time.Minute)),
			Dimensions: []cloudwatchtypes.Dimension{{Name: aws.String("FunctionName"), Value: aws.String("fail")}},
			Statistics: []cloudwatchtypes.Statistic{cloudwatchtypes.StatisticSum, cloudwatchtypes.StatisticSampleCount},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, point := range out.Datapoints {
			total, samples = total+*point.Sum, samples+*point.SampleCount
		}
		return total, samples
	}
	until(t, "both events were given up", func() bool { dropped, _ := sum("AsyncEventsDropped"); return dropped == 2 })
	if received, _ := sum("AsyncEventsReceived"); received != 2 {
		t.Errorf("%v events received, want 2", received)
	}
	if _, attempts := sum("AsyncEventAge"); attempts != 2 {
		t.Errorf("the age of %v attempts was measured, want 2", attempts)
	}
}
