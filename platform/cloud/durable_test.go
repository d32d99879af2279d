package cloud

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/weirstream/weir/platform/cloud/lambda"
)

// life serves a cloud over dir until end is called.
func life(t *testing.T, dir string) (c *Cloud, end func()) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c, err = New(Config{Data: dir, Launcher: selfLauncher{self}, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	return c, func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// must is for calls whose only interesting outcome is success.
func must[T any](t *testing.T) func(out T, err error) T {
	return func(out T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
}

// TestEverythingIsThereAfterARestart makes one of everything with AWS's own
// clients, ends the cloud, starts another over the same directory and finds it all.
func TestEverythingIsThereAfterARestart(t *testing.T) {
	t.Parallel()
	dir, ctx := t.TempDir(), t.Context()
	c, end := life(t, dir)
	cfg := rootConfig(t, c)
	identities, queues, streams := iam.NewFromConfig(cfg), sqs.NewFromConfig(cfg), kinesis.NewFromConfig(cfg)
	functions, metrics := awslambda.NewFromConfig(cfg), cloudwatch.NewFromConfig(cfg)

	must[*iam.CreateUserOutput](t)(identities.CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("ann")}))
	must[*iam.AttachUserPolicyOutput](t)(identities.AttachUserPolicy(ctx, &iam.AttachUserPolicyInput{
		UserName: aws.String("ann"), PolicyArn: aws.String("arn:aws:iam::aws:policy/AmazonSQSFullAccess"),
	}))
	key := must[*iam.CreateAccessKeyOutput](t)(identities.CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String("ann")})).AccessKey
	role := newRole(t, identities, "fn", `{"Effect":"Allow","Action":["kinesis:*","sqs:SendMessage"],"Resource":"*"}`)
	must[*iam.UpdateAssumeRolePolicyOutput](t)(identities.UpdateAssumeRolePolicy(ctx, &iam.UpdateAssumeRolePolicyInput{
		RoleName: aws.String("fn"), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole",` +
			`"Principal":{"Service":"lambda.amazonaws.com","AWS":"arn:aws:iam::123456789012:root"}}}`),
	}))
	session := must[*sts.AssumeRoleOutput](t)(sts.NewFromConfig(cfg).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: role, RoleSessionName: aws.String("kept")})).Credentials

	url := newQueue(t, queues, "letters")
	newQueue(t, queues, "failed")
	for _, body := range []string{"in hand", "waiting"} {
		must[*sqs.SendMessageOutput](t)(queues.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: url, MessageBody: &body}))
	}
	inHand := must[*sqs.ReceiveMessageOutput](t)(queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: url})).Messages[0]
	if *inHand.Body != "in hand" {
		t.Fatalf("received %q", *inHand.Body)
	}

	now := time.Now()
	must[*cloudwatch.PutMetricDataOutput](t)(metrics.PutMetricData(ctx, &cloudwatch.PutMetricDataInput{
		Namespace: aws.String("Test"), MetricData: []cwtypes.MetricDatum{{MetricName: aws.String("kept"), Value: aws.Float64(7), Timestamp: &now}},
	}))

	streamARN := newStream(t, streams, "in", 1)
	must[*awslambda.CreateFunctionOutput](t)(functions.CreateFunction(ctx, &awslambda.CreateFunctionInput{
		FunctionName: aws.String("checker"), Role: role, Runtime: types.RuntimeProvidedal2023, Handler: aws.String("bootstrap"), Publish: true,
		Code: &types.FunctionCode{S3Bucket: aws.String(lambda.HandlerBucket), S3Key: aws.String("checker")},
	}))
	must[*awslambda.CreateAliasOutput](t)(functions.CreateAlias(ctx, &awslambda.CreateAliasInput{
		FunctionName: aws.String("checker"), Name: aws.String("live"), FunctionVersion: aws.String("1"),
	}))
	mapping := must[*awslambda.CreateEventSourceMappingOutput](t)(functions.CreateEventSourceMapping(ctx, &awslambda.CreateEventSourceMappingInput{
		FunctionName: aws.String("checker:live"), EventSourceArn: streamARN,
		StartingPosition: types.EventSourcePositionTrimHorizon, MaximumRetryAttempts: aws.Int32(0),
		DestinationConfig: &types.DestinationConfig{OnFailure: &types.OnFailure{Destination: aws.String("arn:aws:sqs:us-east-1:123456789012:failed")}},
	}))
	put := func(streams *kinesis.Client, data string) {
		t.Helper()
		must[*kinesis.PutRecordOutput](t)(streams.PutRecord(ctx, &kinesis.PutRecordInput{StreamARN: streamARN, PartitionKey: aws.String("k"), Data: []byte(data)}))
	}
	put(streams, "poison")
	documents := func(queues *sqs.Client, c *Cloud, want int) {
		t.Helper()
		got := must[*sqs.ReceiveMessageOutput](t)(queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl: aws.String(c.Endpoint() + "/123456789012/failed"), WaitTimeSeconds: 20, MaxNumberOfMessages: 10, VisibilityTimeout: 43_200,
		}))
		if len(got.Messages) != want {
			t.Fatalf("%d documents, want %d", len(got.Messages), want)
		}
	}
	documents(queues, c, 1)
	// The document was staged before the checkpoint: wait for that, too.
	settled := func(functions *awslambda.Client) {
		t.Helper()
		for range 1000 {
			got := must[*awslambda.GetEventSourceMappingOutput](t)(functions.GetEventSourceMapping(ctx, &awslambda.GetEventSourceMappingInput{UUID: mapping.UUID}))
			if *got.LastProcessingResult != "No records processed" {
				return
			}
			time.Sleep(5 * time.Millisecond)
		}
		t.Fatal("the mapping never told of a record")
	}
	settled(functions)
	end()

	c, end = life(t, dir)
	defer end()
	cfg = rootConfig(t, c)
	queues, streams, functions, metrics = sqs.NewFromConfig(cfg), kinesis.NewFromConfig(cfg), awslambda.NewFromConfig(cfg), cloudwatch.NewFromConfig(cfg)
	url = aws.String(c.Endpoint() + "/123456789012/letters")

	who := must[*sts.GetCallerIdentityOutput](t)(sts.NewFromConfig(sdkConfig(t, c, *session.AccessKeyId, *session.SecretAccessKey, *session.SessionToken)).GetCallerIdentity(ctx, nil))
	if *who.Arn != "arn:aws:sts::123456789012:assumed-role/fn/kept" {
		t.Errorf("the session is %s", *who.Arn)
	}
	ann := sqs.NewFromConfig(sdkConfig(t, c, *key.AccessKeyId, *key.SecretAccessKey, ""))
	got := must[*sqs.ReceiveMessageOutput](t)(ann.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: url, MaxNumberOfMessages: 10}))
	if len(got.Messages) != 1 || *got.Messages[0].Body != "waiting" {
		t.Errorf("received %+v, want the message that was not in hand", got.Messages)
	}
	must[*sqs.DeleteMessageOutput](t)(ann.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: inHand.ReceiptHandle}))
	left := must[*sqs.GetQueueAttributesOutput](t)(queues.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: url, AttributeNames: []sqstypes.QueueAttributeName{"All"}}))
	if n := left.Attributes["ApproximateNumberOfMessagesNotVisible"]; n != "1" {
		t.Errorf("%s messages in flight after one of two was deleted", n)
	}
	points := must[*cloudwatch.GetMetricStatisticsOutput](t)(metrics.GetMetricStatistics(ctx, &cloudwatch.GetMetricStatisticsInput{
		Namespace: aws.String("Test"), MetricName: aws.String("kept"), Period: aws.Int32(60), Statistics: []cwtypes.Statistic{"Sum"},
		StartTime: aws.Time(now.Add(-time.Hour)), EndTime: aws.Time(now.Add(time.Hour)),
	}))
	if len(points.Datapoints) != 1 || *points.Datapoints[0].Sum != 7 {
		t.Errorf("metric: %+v", points.Datapoints)
	}
	alias := must[*awslambda.GetAliasOutput](t)(functions.GetAlias(ctx, &awslambda.GetAliasInput{FunctionName: aws.String("checker"), Name: aws.String("live")}))
	if *alias.FunctionVersion != "1" {
		t.Errorf("alias of version %s", *alias.FunctionVersion)
	}
	invoked := must[*awslambda.InvokeOutput](t)(functions.Invoke(ctx, &awslambda.InvokeInput{FunctionName: aws.String("checker:live"), Payload: []byte(`{}`)}))
	if string(invoked.Payload) != `"fine"` {
		t.Errorf("invoked: %s", invoked.Payload)
	}
	// The mapping goes on behind the record that it had settled: one more document, not two.
	put(streams, "poison")
	documents(queues, c, 1)
	var gone *types.ResourceNotFoundException
	if _, err := functions.GetFunction(ctx, &awslambda.GetFunctionInput{FunctionName: aws.String("nobody")}); !errors.As(err, &gone) {
		t.Errorf("a function that never was: %v", err)
	}
}
