package lambda_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// record is AWS's invocation record.
type record struct {
	Version, Timestamp string
	RequestContext     struct {
		RequestID, FunctionArn, Condition string
		ApproximateInvokeCount            int
	}
	RequestPayload  json.RawMessage
	ResponseContext *struct {
		StatusCode                     int
		ExecutedVersion, FunctionError string
	}
	ResponsePayload json.RawMessage
}

// queue makes a queue and returns its URL and ARN.
func (a account) queue(t *testing.T, name string) (url, arn *string) {
	t.Helper()
	out, err := a.queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name})
	if err != nil {
		t.Fatal(err)
	}
	return out.QueueUrl, aws.String("arn:aws:sqs:us-east-1:123456789012:" + name)
}

// message waits for one message.
func (a account) message(t *testing.T, url *string) sqstypes.Message {
	t.Helper()
	got, err := a.queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{
		QueueUrl: url, WaitTimeSeconds: 20, MessageAttributeNames: []string{"All"},
	})
	if err != nil || len(got.Messages) != 1 {
		t.Fatalf("received %+v, %v; want one message", got, err)
	}
	return got.Messages[0]
}

func (a account) record(t *testing.T, url *string) (r record) {
	t.Helper()
	if err := json.Unmarshal([]byte(*a.message(t, url).Body), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func (a account) event(t *testing.T, function, payload string) {
	t.Helper()
	out, err := a.functions.Invoke(t.Context(), &awslambda.InvokeInput{
		FunctionName: &function, InvocationType: types.InvocationTypeEvent, Payload: []byte(payload),
	})
	if err != nil || out.StatusCode != 202 || len(out.Payload) > 0 {
		t.Fatalf("event: %+v %v", out, err)
	}
}

func TestRecordsOfEventsReachTheirDestinations(t *testing.T) {
	t.Parallel()
	a, ctx := newAccount(t), t.Context()
	a.create(t, "echo")
	a.create(t, "fail")
	good, goodARN := a.queue(t, "good")
	bad, badARN := a.queue(t, "bad")
	dead, deadARN := a.queue(t, "dead")
	config := func(function string) *awslambda.PutFunctionEventInvokeConfigInput {
		return &awslambda.PutFunctionEventInvokeConfigInput{
			FunctionName: &function, MaximumRetryAttempts: aws.Int32(0),
			DestinationConfig: &types.DestinationConfig{
				OnSuccess: &types.OnSuccess{Destination: goodARN}, OnFailure: &types.OnFailure{Destination: badARN},
			},
		}
	}
	_, err := a.functions.PutFunctionEventInvokeConfig(ctx, config("echo"))
	if code(err) != "InvalidParameterValueException" || !strings.Contains(err.Error(), "SendMessage") {
		t.Errorf("without permission: %v", err)
	}
	deadLetters := &awslambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("fail"), DeadLetterConfig: &types.DeadLetterConfig{TargetArn: deadARN}}
	if _, err := a.functions.UpdateFunctionConfiguration(ctx, deadLetters); code(err) != "InvalidParameterValueException" {
		t.Errorf("a dead-letter queue without permission: %v", err)
	}
	a.allow(t, `"sqs:SendMessage"`)
	for _, function := range []string{"echo", "fail"} {
		if _, err := a.functions.PutFunctionEventInvokeConfig(ctx, config(function)); err != nil {
			t.Fatal(err)
		}
	}
	updated, err := a.functions.UpdateFunctionConfiguration(ctx, deadLetters)
	if err != nil || *updated.DeadLetterConfig.TargetArn != *deadARN {
		t.Fatalf("dead-letter queue: %+v %v", updated, err)
	}

	a.event(t, "echo", `{"a":"<&>"}`)
	r := a.record(t, good)
	if r.Version != "1.0" || r.RequestContext.Condition != "Success" || r.RequestContext.ApproximateInvokeCount != 1 ||
		!strings.HasSuffix(r.RequestContext.FunctionArn, ":function:echo:$LATEST") || string(r.RequestPayload) != `{"a":"<&>"}` ||
		r.ResponseContext.StatusCode != 200 || r.ResponseContext.ExecutedVersion != "$LATEST" || r.ResponseContext.FunctionError != "" {
		t.Errorf("record of a success: %+v", r)
	}
	a.event(t, "fail", `[1]`)
	r = a.record(t, bad)
	if r.RequestContext.Condition != "RetriesExhausted" || string(r.RequestPayload) != `[1]` ||
		r.ResponseContext.FunctionError != "Unhandled" || !strings.Contains(string(r.ResponsePayload), "no can do") {
		t.Errorf("record of a failure: %+v", r)
	}
	m := a.message(t, dead)
	attribute := func(name string) string { return aws.ToString(m.MessageAttributes[name].StringValue) }
	if *m.Body != `[1]` || attribute("RequestID") != r.RequestContext.RequestID || attribute("ErrorCode") != "200" || attribute("ErrorMessage") != "no can do" {
		t.Errorf("dead letter %s with %+v", *m.Body, m.MessageAttributes)
	}
}

func TestAFunctionIsADestination(t *testing.T) {
	t.Parallel()
	a, ctx := newAccount(t), t.Context()
	a.create(t, "fail")
	a.create(t, "echo")
	a.allow(t, `"sqs:SendMessage","lambda:InvokeFunction"`)
	url, arn := a.queue(t, "end")
	self := aws.String("arn:aws:lambda:us-east-1:123456789012:function:fail")
	next := aws.String("arn:aws:lambda:us-east-1:123456789012:function:echo")
	put := func(function string, d types.DestinationConfig) error {
		_, err := a.functions.PutFunctionEventInvokeConfig(ctx, &awslambda.PutFunctionEventInvokeConfigInput{
			FunctionName: &function, MaximumRetryAttempts: aws.Int32(2), DestinationConfig: &d,
		})
		return err
	}
	if err := put("fail", types.DestinationConfig{OnFailure: &types.OnFailure{Destination: self}}); code(err) != "InvalidParameterValueException" {
		t.Errorf("itself: %v", err)
	}
	if err := put("fail", types.DestinationConfig{OnFailure: &types.OnFailure{Destination: next}}); err != nil {
		t.Fatal(err)
	}
	if err := put("echo", types.DestinationConfig{OnSuccess: &types.OnSuccess{Destination: arn}}); err != nil {
		t.Fatal(err)
	}
	// Nothing may run: the event is given up at once, without a single retry.
	if _, err := a.functions.PutFunctionConcurrency(ctx, &awslambda.PutFunctionConcurrencyInput{FunctionName: aws.String("fail"), ReservedConcurrentExecutions: aws.Int32(0)}); err != nil {
		t.Fatal(err)
	}
	a.event(t, "fail", `"x"`)
	outer := a.record(t, url)
	var inner record
	if err := json.Unmarshal(outer.RequestPayload, &inner); err != nil {
		t.Fatal(err)
	}
	if inner.RequestContext.Condition != "ZeroReservedConcurrency" || inner.RequestContext.ApproximateInvokeCount != 0 ||
		inner.ResponseContext != nil || string(inner.RequestPayload) != `"x"` || outer.RequestContext.RequestID == inner.RequestContext.RequestID {
		t.Errorf("the second function got %+v", inner)
	}
}

func TestEventConfigurationLife(t *testing.T) {
	t.Parallel()
	a, ctx := newAccount(t), t.Context()
	a.create(t, "echo")
	a.publish(t, "echo")
	name := aws.String("echo")
	get := func(qualifier *string) (*awslambda.GetFunctionEventInvokeConfigOutput, error) {
		return a.functions.GetFunctionEventInvokeConfig(ctx, &awslambda.GetFunctionEventInvokeConfigInput{FunctionName: name, Qualifier: qualifier})
	}
	if _, err := get(nil); code(err) != "ResourceNotFoundException" || !strings.Contains(err.Error(), "EventInvokeConfig") {
		t.Errorf("before: %v", err)
	}
	for _, c := range []struct {
		code string
		in   awslambda.PutFunctionEventInvokeConfigInput
	}{
		{"InvalidParameterValueException", awslambda.PutFunctionEventInvokeConfigInput{}},
		{"ValidationException", awslambda.PutFunctionEventInvokeConfigInput{MaximumRetryAttempts: aws.Int32(3)}},
		{"ValidationException", awslambda.PutFunctionEventInvokeConfigInput{MaximumEventAgeInSeconds: aws.Int32(59)}},
		{"ResourceNotFoundException", awslambda.PutFunctionEventInvokeConfigInput{MaximumRetryAttempts: aws.Int32(1), Qualifier: aws.String("9")}},
		{"NotImplementedException", awslambda.PutFunctionEventInvokeConfigInput{DestinationConfig: &types.DestinationConfig{
			OnSuccess: &types.OnSuccess{Destination: aws.String("arn:aws:sns:us-east-1:123456789012:t")},
		}}},
		{"", awslambda.PutFunctionEventInvokeConfigInput{MaximumRetryAttempts: aws.Int32(1)}},
		{"", awslambda.PutFunctionEventInvokeConfigInput{MaximumRetryAttempts: aws.Int32(0), Qualifier: aws.String("1")}},
	} {
		c.in.FunctionName = name
		if _, err := a.functions.PutFunctionEventInvokeConfig(ctx, &c.in); code(err) != c.code {
			t.Errorf("put %+v: %v, want %s", c.in, err, c.code)
		}
	}
	if _, err := a.functions.UpdateFunctionEventInvokeConfig(ctx, &awslambda.UpdateFunctionEventInvokeConfigInput{FunctionName: name, MaximumEventAgeInSeconds: aws.Int32(60)}); err != nil {
		t.Fatal(err)
	}
	got, err := get(nil)
	if err != nil || *got.MaximumRetryAttempts != 1 || *got.MaximumEventAgeInSeconds != 60 || !strings.HasSuffix(*got.FunctionArn, ":echo:$LATEST") || got.LastModified.IsZero() {
		t.Errorf("got %+v %v", got, err)
	}
	list, err := a.functions.ListFunctionEventInvokeConfigs(ctx, &awslambda.ListFunctionEventInvokeConfigsInput{FunctionName: name})
	if err != nil || len(list.FunctionEventInvokeConfigs) != 2 || !strings.HasSuffix(*list.FunctionEventInvokeConfigs[1].FunctionArn, ":echo:1") {
		t.Errorf("list %+v %v", list, err)
	}
	if _, err := a.functions.DeleteFunctionEventInvokeConfig(ctx, &awslambda.DeleteFunctionEventInvokeConfigInput{FunctionName: name}); err != nil {
		t.Fatal(err)
	}
	if _, err := get(nil); code(err) != "ResourceNotFoundException" {
		t.Errorf("after: %v", err)
	}
}
