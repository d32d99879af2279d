package lambda_test

import (
	"encoding/base64"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	kinesistypes "github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"

	"github.com/weirstream/weir/platform/cloud"
	"github.com/weirstream/weir/platform/cloud/cloudtest"
	"github.com/weirstream/weir/platform/cloud/lambda"
)

// launcher starts this test binary as a function; TestMain dispatches.
type launcher struct{}

func (launcher) Command(name string) (lambda.Command, error) {
	path, err := os.Executable()
	return lambda.Command{Path: path, Args: []string{"lambda", name}}, err
}

// account is a cloud with clients of its root and a role for functions.
type account struct {
	functions *awslambda.Client
	streams   *kinesis.Client
	queues    *sqs.Client
	iam       *iam.Client
	role      *string
}

func newAccount(t *testing.T) account {
	t.Helper()
	return accountOf(t, cloudtest.Root(t, cloudtest.Run(t, cloud.Config{Launcher: launcher{}})))
}

func accountOf(t *testing.T, cfg aws.Config) account {
	t.Helper()
	cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	a := account{functions: awslambda.NewFromConfig(cfg), streams: kinesis.NewFromConfig(cfg), queues: sqs.NewFromConfig(cfg), iam: iam.NewFromConfig(cfg)}
	role, err := a.iam.CreateRole(t.Context(), &iam.CreateRoleInput{
		RoleName:                 aws.String("fn"),
		AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	a.role = role.Role.Arn
	return a
}

// allow replaces the function role's only policy.
func (a account) allow(t *testing.T, actions string) {
	t.Helper()
	_, err := a.iam.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{
		RoleName: aws.String("fn"), PolicyName: aws.String("p"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[` + actions + `],"Resource":"*"}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (a account) input(name string) *awslambda.CreateFunctionInput {
	return &awslambda.CreateFunctionInput{
		FunctionName: &name, Role: a.role, Runtime: types.RuntimeProvidedal2023, Handler: aws.String("bootstrap"),
		Code: &types.FunctionCode{S3Bucket: aws.String(lambda.HandlerBucket), S3Key: &name},
	}
}

// create makes a function called like its handler and waits as a deployer does.
func (a account) create(t *testing.T, name string) {
	t.Helper()
	out, err := a.functions.CreateFunction(t.Context(), a.input(name))
	if err != nil {
		t.Fatal(err)
	}
	if out.State != types.StatePending {
		t.Errorf("state %s at first, want Pending", out.State)
	}
	waiter := awslambda.NewFunctionActiveV2Waiter(a.functions)
	if err := waiter.Wait(t.Context(), &awslambda.GetFunctionInput{FunctionName: &name}, 5*time.Second); err != nil {
		t.Fatal(err)
	}
}

func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func TestFunctionLifeWithTheSDK(t *testing.T) {
	t.Parallel()
	a, ctx := newAccount(t), t.Context()
	a.create(t, "log")
	out, err := a.functions.Invoke(ctx, &awslambda.InvokeInput{FunctionName: aws.String("log"), Payload: []byte(`"hi"`), LogType: types.LogTypeTail})
	if err != nil {
		t.Fatal(err)
	}
	tail, _ := base64.StdEncoding.DecodeString(aws.ToString(out.LogResult))
	if string(out.Payload) != `"logged"` || out.StatusCode != 200 || *out.ExecutedVersion != "$LATEST" || !strings.Contains(string(tail), "hi\nno newline") {
		t.Errorf("got %d %s %q", out.StatusCode, out.Payload, tail)
	}
	dry, err := a.functions.Invoke(ctx, &awslambda.InvokeInput{FunctionName: aws.String("log"), InvocationType: types.InvocationTypeDryRun})
	if err != nil || dry.StatusCode != 204 {
		t.Errorf("dry run: %+v %v", dry, err)
	}
	updated, err := a.functions.UpdateFunctionConfiguration(ctx, &awslambda.UpdateFunctionConfigurationInput{
		FunctionName: aws.String("log"), Timeout: aws.Int32(7), MemorySize: aws.Int32(512),
		Environment: &types.Environment{Variables: map[string]string{"KEY": "v"}},
	})
	if err != nil || updated.LastUpdateStatus != types.LastUpdateStatusInProgress {
		t.Fatalf("update: %+v %v", updated, err)
	}
	got, err := a.functions.GetFunction(ctx, &awslambda.GetFunctionInput{FunctionName: updated.FunctionArn})
	if err != nil {
		t.Fatal(err)
	}
	if f := got.Configuration; *f.Timeout != 7 || *f.MemorySize != 512 || f.Environment.Variables["KEY"] != "v" || *f.Handler != "bootstrap" || f.LastUpdateStatus != types.LastUpdateStatusSuccessful {
		t.Errorf("configuration %+v", f)
	}
	a.create(t, "echo")
	pages := awslambda.NewListFunctionsPaginator(a.functions, &awslambda.ListFunctionsInput{MaxItems: aws.Int32(1)})
	var names []string
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range page.Functions {
			names = append(names, *f.FunctionName)
		}
	}
	if strings.Join(names, " ") != "echo log" {
		t.Errorf("listed %v", names)
	}
	if _, err := a.functions.DeleteFunction(ctx, &awslambda.DeleteFunctionInput{FunctionName: aws.String("log")}); err != nil {
		t.Fatal(err)
	}
	_, err = a.functions.GetFunction(ctx, &awslambda.GetFunctionInput{FunctionName: aws.String("log")})
	var gone *types.ResourceNotFoundException
	if !errors.As(err, &gone) || !strings.Contains(gone.ErrorMessage(), "function:log") {
		t.Errorf("after the deletion: %v", err)
	}
}

func TestErrorsAreTypedForTheSDK(t *testing.T) {
	t.Parallel()
	a, ctx := newAccount(t), t.Context()
	a.create(t, "echo")
	change := func(f func(*awslambda.CreateFunctionInput)) func() error {
		return func() error {
			in := a.input("other")
			f(in)
			_, err := a.functions.CreateFunction(ctx, in)
			return err
		}
	}
	invoke := func(f func(*awslambda.InvokeInput)) func() error {
		return func() error {
			in := &awslambda.InvokeInput{FunctionName: aws.String("echo"), Payload: []byte("1")}
			f(in)
			_, err := a.functions.Invoke(ctx, in)
			return err
		}
	}
	for _, c := range []struct {
		name, code, says string
		call             func() error
	}{
		{"taken", "ResourceConflictException", "already exist", change(func(in *awslambda.CreateFunctionInput) { in.FunctionName = aws.String("echo") })},
		{"runtime", "InvalidParameterValueException", "provided.al2023", change(func(in *awslambda.CreateFunctionInput) { in.Runtime = types.RuntimePython312 })},
		{"role", "InvalidParameterValueException", "cannot be assumed", change(func(in *awslambda.CreateFunctionInput) { in.Role = aws.String("arn:aws:iam::123456789012:role/none") })},
		{"timeout and memory", "ValidationException", "2 validation errors detected", change(func(in *awslambda.CreateFunctionInput) { in.Timeout, in.MemorySize = aws.Int32(901), aws.Int32(1) })},
		{"bucket", "NotImplementedException", "S3", change(func(in *awslambda.CreateFunctionInput) { in.Code.S3Bucket = aws.String("mine") })},
		{"logging", "NotImplementedException", "LoggingConfig", change(func(in *awslambda.CreateFunctionInput) {
			in.LoggingConfig = &types.LoggingConfig{LogFormat: types.LogFormatJson}
		})},
		{"layers", "NotImplementedException", "Layers", change(func(in *awslambda.CreateFunctionInput) { in.Layers = []string{"arn:x"} })},
		{"reserved variable", "InvalidParameterValueException", "AWS_REGION", change(func(in *awslambda.CreateFunctionInput) {
			in.Environment = &types.Environment{Variables: map[string]string{"AWS_REGION": "x"}}
		})},
		{"missing function", "ResourceNotFoundException", "function:none", invoke(func(in *awslambda.InvokeInput) { in.FunctionName = aws.String("none") })},
		{"missing version", "ResourceNotFoundException", "echo:7", invoke(func(in *awslambda.InvokeInput) { in.Qualifier = aws.String("7") })},
		{"not JSON", "InvalidRequestContentException", "JSON", invoke(func(in *awslambda.InvokeInput) { in.Payload = []byte("{") })},
		{"large asynchronous event", "RequestTooLargeException", "1048576", invoke(func(in *awslambda.InvokeInput) {
			in.InvocationType, in.Payload = types.InvocationTypeEvent, []byte(`"`+strings.Repeat("x", 1048576)+`"`)
		})},
		{"large event", "RequestTooLargeException", "6291456", invoke(func(in *awslambda.InvokeInput) { in.Payload = []byte(`"` + strings.Repeat("x", 6291456) + `"`) })},
	} {
		if err := c.call(); code(err) != c.code || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v, want %s saying %q", c.name, err, c.code, c.says)
		}
	}
	if _, err := a.functions.PutFunctionConcurrency(ctx, &awslambda.PutFunctionConcurrencyInput{FunctionName: aws.String("echo"), ReservedConcurrentExecutions: aws.Int32(0)}); err != nil {
		t.Fatal(err)
	}
	var busy *types.TooManyRequestsException
	err := invoke(func(*awslambda.InvokeInput) {})()
	if !errors.As(err, &busy) || busy.Reason != types.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded {
		t.Errorf("without concurrency: %v", err)
	}
}

func TestMappingLifeWithTheSDK(t *testing.T) {
	t.Parallel()
	a, ctx := newAccount(t), t.Context()
	a.create(t, "echo")
	if _, err := a.streams.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: aws.String("s"), ShardCount: aws.Int32(1)}); err != nil {
		t.Fatal(err)
	}
	stream := "arn:aws:kinesis:us-east-1:123456789012:stream/s"
	until(t, "stream is active", func() bool {
		out, err := a.streams.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: aws.String("s")})
		return err == nil && out.StreamDescriptionSummary.StreamStatus == kinesistypes.StreamStatusActive
	})
	consumer, err := a.streams.RegisterStreamConsumer(ctx, &kinesis.RegisterStreamConsumerInput{StreamARN: &stream, ConsumerName: aws.String("c")})
	if err != nil {
		t.Fatal(err)
	}
	in := &awslambda.CreateEventSourceMappingInput{
		FunctionName: aws.String("echo"), EventSourceArn: consumer.Consumer.ConsumerARN,
		// Not LATEST: that may begin behind a record put as soon as the state says Enabled, as on AWS.
		StartingPosition: types.EventSourcePositionTrimHorizon, MaximumBatchingWindowInSeconds: aws.Int32(300),
		MaximumRecordAgeInSeconds: aws.Int32(60), BisectBatchOnFunctionError: aws.Bool(true),
		FunctionResponseTypes: []types.FunctionResponseType{types.FunctionResponseTypeReportBatchItemFailures},
		ParallelizationFactor: aws.Int32(3), FilterCriteria: &types.FilterCriteria{Filters: []types.Filter{{Pattern: aws.String(`{"data":{"a":[1]}}`)}}},
	}
	_, err = a.functions.CreateEventSourceMapping(ctx, in)
	if code(err) != "InvalidParameterValueException" || !strings.Contains(err.Error(), "ensure the role can perform") {
		t.Errorf("without permissions: %v", err)
	}
	a.allow(t, `"kinesis:DescribeStreamSummary","kinesis:ListShards","kinesis:DescribeStreamConsumer"`)
	if _, err = a.functions.CreateEventSourceMapping(ctx, in); code(err) != "InvalidParameterValueException" || !strings.Contains(err.Error(), "kinesis:SubscribeToShard") {
		t.Errorf("without one permission: %v", err)
	}
	a.allow(t, `"kinesis:*"`)
	m, err := a.functions.CreateEventSourceMapping(ctx, in)
	if err != nil {
		t.Fatal(err)
	}
	if *m.ParallelizationFactor != 3 || *m.TumblingWindowInSeconds != 0 || len(m.FilterCriteria.Filters) != 1 || *m.FilterCriteria.Filters[0].Pattern != `{"data":{"a":[1]}}` {
		t.Errorf("created %+v", m)
	}
	if *m.State != "Creating" || *m.BatchSize != 100 || *m.MaximumRetryAttempts != -1 || *m.MaximumRecordAgeInSeconds != 60 || !*m.BisectBatchOnFunctionError || m.FunctionResponseTypes[0] != in.FunctionResponseTypes[0] {
		t.Errorf("created %+v", m)
	}
	if _, err := a.functions.CreateEventSourceMapping(ctx, in); code(err) != "ResourceConflictException" || !strings.Contains(err.Error(), *m.UUID) {
		t.Errorf("the same again: %v", err)
	}
	state := func(want string) func() bool {
		return func() bool {
			got, err := a.functions.GetEventSourceMapping(ctx, &awslambda.GetEventSourceMappingInput{UUID: m.UUID})
			return err == nil && *got.State == want
		}
	}
	until(t, "mapping is enabled", state("Enabled"))
	put := func(data string) {
		if _, err := a.streams.PutRecord(ctx, &kinesis.PutRecordInput{StreamARN: &stream, PartitionKey: aws.String("k"), Data: []byte(data)}); err != nil {
			t.Fatal(err)
		}
	}
	put(`{"a":2}`) // not wanted
	put(`{"a":1}`) // a window of five minutes opens: nothing below may wait for it
	if _, err := a.functions.UpdateEventSourceMapping(ctx, &awslambda.UpdateEventSourceMappingInput{UUID: m.UUID, Enabled: aws.Bool(false)}); err != nil {
		t.Fatal(err)
	}
	until(t, "mapping is disabled", state("Disabled"))
	updated, err := a.functions.UpdateEventSourceMapping(ctx, &awslambda.UpdateEventSourceMappingInput{
		UUID: m.UUID, Enabled: aws.Bool(true), MaximumBatchingWindowInSeconds: aws.Int32(0),
		ParallelizationFactor: aws.Int32(1), TumblingWindowInSeconds: aws.Int32(0), FilterCriteria: &types.FilterCriteria{},
	})
	if err != nil || updated.FilterCriteria != nil || *updated.ParallelizationFactor != 1 {
		t.Fatalf("update: %+v %v", updated, err)
	}
	until(t, "the record is processed", func() bool {
		got, err := a.functions.GetEventSourceMapping(ctx, &awslambda.GetEventSourceMappingInput{UUID: m.UUID})
		// echo returns the event, which names no failed items: success.
		return err == nil && *got.State == "Enabled" && *got.LastProcessingResult == "OK"
	})
	list, err := a.functions.ListEventSourceMappings(ctx, &awslambda.ListEventSourceMappingsInput{FunctionName: aws.String("echo"), EventSourceArn: in.EventSourceArn})
	if err != nil || len(list.EventSourceMappings) != 1 || *list.EventSourceMappings[0].UUID != *m.UUID {
		t.Errorf("list: %+v %v", list, err)
	}
	deleted, err := a.functions.DeleteEventSourceMapping(ctx, &awslambda.DeleteEventSourceMappingInput{UUID: m.UUID})
	if err != nil || *deleted.State != "Deleting" {
		t.Fatalf("delete: %+v %v", deleted, err)
	}
	until(t, "mapping is gone", func() bool {
		_, err := a.functions.GetEventSourceMapping(ctx, &awslambda.GetEventSourceMappingInput{UUID: m.UUID})
		return code(err) == "ResourceNotFoundException"
	})
}

func TestGapsOfMappingsAreNamed(t *testing.T) {
	t.Parallel()
	a, ctx := newAccount(t), t.Context()
	a.create(t, "echo")
	const good = `{"data":{"a":["x"]}}`
	filters := func(patterns ...string) func(*awslambda.CreateEventSourceMappingInput) {
		return func(in *awslambda.CreateEventSourceMappingInput) {
			in.FilterCriteria = &types.FilterCriteria{}
			for _, p := range patterns {
				in.FilterCriteria.Filters = append(in.FilterCriteria.Filters, types.Filter{Pattern: &p})
			}
		}
	}
	for _, c := range []struct {
		code, says string
		change     func(*awslambda.CreateEventSourceMappingInput)
	}{
		{"NotImplementedException", "sqs", func(in *awslambda.CreateEventSourceMappingInput) {
			in.EventSourceArn = aws.String("arn:aws:sqs:us-east-1:123456789012:q")
		}},
		{"NotImplementedException", "ParallelizationFactor", func(in *awslambda.CreateEventSourceMappingInput) {
			in.ParallelizationFactor, in.TumblingWindowInSeconds = aws.Int32(2), aws.Int32(30)
		}},
		{"ValidationException", "parallelizationFactor", func(in *awslambda.CreateEventSourceMappingInput) { in.ParallelizationFactor = aws.Int32(11) }},
		{"NotImplementedException", "Topics", func(in *awslambda.CreateEventSourceMappingInput) { in.Topics = []string{"t"} }},
		{"ValidationException", "tumblingWindowInSeconds", func(in *awslambda.CreateEventSourceMappingInput) { in.TumblingWindowInSeconds = aws.Int32(901) }},
		{"InvalidParameterValueException", "Invalid filter pattern definition", filters("{}")},
		{"InvalidParameterValueException", `no operator "like"`, filters(`{"data":{"a":[{"like":"x"}]}}`)},
		{"InvalidParameterValueException", "must be a JSON object", filters(`{"data":["plain"]}`)},
		{"InvalidParameterValueException", "5 filters", filters(good, good, good, good, good, good)},
		{"ValidationException", "filterCriteria.filters.2.member.pattern", filters(good, `{"data":{"a":["`+strings.Repeat("x", 4096)+`"]}}`)},
		{"NotImplementedException", `"partitionKey"`, filters(`{"partitionKey":["k"]}`)},
		{"NotImplementedException", "SNS", func(in *awslambda.CreateEventSourceMappingInput) {
			in.DestinationConfig = &types.DestinationConfig{OnFailure: &types.OnFailure{Destination: aws.String("arn:aws:sns:us-east-1:123456789012:t")}}
		}},
		{"ValidationException", "batchSize", func(in *awslambda.CreateEventSourceMappingInput) { in.BatchSize = aws.Int32(10001) }},
		{"InvalidParameterValueException", "age", func(in *awslambda.CreateEventSourceMappingInput) { in.MaximumRecordAgeInSeconds = aws.Int32(59) }},
		{"InvalidParameterValueException", "startingPosition", func(in *awslambda.CreateEventSourceMappingInput) { in.StartingPosition = "" }},
		{"InvalidParameterValueException", "future", func(in *awslambda.CreateEventSourceMappingInput) {
			in.StartingPosition, in.StartingPositionTimestamp = types.EventSourcePositionAtTimestamp, aws.Time(time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC))
		}},
		{"ResourceNotFoundException", "function:none", func(in *awslambda.CreateEventSourceMappingInput) { in.FunctionName = aws.String("none") }},
		{"InvalidParameterValueException", "Unrecognized event source", func(in *awslambda.CreateEventSourceMappingInput) {
			in.EventSourceArn = aws.String("arn:aws:kinesis:us-east-1:123456789012:s")
		}},
	} {
		in := &awslambda.CreateEventSourceMappingInput{
			FunctionName: aws.String("echo"), EventSourceArn: aws.String("arn:aws:kinesis:us-east-1:123456789012:stream/s"),
			StartingPosition: types.EventSourcePositionTrimHorizon,
		}
		c.change(in)
		if _, err := a.functions.CreateEventSourceMapping(ctx, in); code(err) != c.code || !strings.Contains(err.Error(), c.says) {
			t.Errorf("got %v, want %s saying %q", err, c.code, c.says)
		}
	}
}

// until polls a condition that another goroutine of the cloud brings about.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("after 10 s not yet: %s", what)
		}
	}
}
