package cloud

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	lambdaruntime "github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	awslambda "github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/weirstream/weir/platform/cloud/lambda"
)

const handlerVariable = "CLOUD_TEST_HANDLER"

// runHandler is what this test binary does as a Lambda child process: refuse
// batches that hold the word poison.
func runHandler() {
	lambdaruntime.Start(func(_ context.Context, event events.KinesisEvent) (string, error) {
		for _, r := range event.Records {
			if string(r.Kinesis.Data) == "poison" {
				return "", errors.New("poison")
			}
		}
		return "fine", nil
	})
}

// selfLauncher starts this test binary again.
type selfLauncher struct{ path string }

func (l selfLauncher) Command(name string) (lambda.Command, error) {
	if name != "checker" {
		return lambda.Command{}, errors.New("no handler " + name)
	}
	return lambda.Command{Path: l.path, Env: []string{handlerVariable + "=" + name}}, nil
}

// newRole makes a role that Lambda may assume, with one policy.
func newRole(t *testing.T, client *iam.Client, name, statement string) *string {
	t.Helper()
	role, err := client.CreateRole(t.Context(), &iam.CreateRoleInput{
		RoleName:                 &name,
		AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{
		RoleName: &name, PolicyName: aws.String("p"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[` + statement + `]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	return role.Role.Arn
}

// One record through four services: Kinesis, an event source mapping, a child
// process that refuses it, and the on-failure queue.
func TestPoisonReachesTheOnFailureQueue(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := runCloud(t, Config{Launcher: selfLauncher{self}})
	cfg := rootConfig(t, c)
	ctx := t.Context()
	streams, queues, functions := kinesis.NewFromConfig(cfg), sqs.NewFromConfig(cfg), awslambda.NewFromConfig(cfg)
	streamARN := newStream(t, streams, "in", 1)
	url := newQueue(t, queues, "failed")
	role := newRole(t, iam.NewFromConfig(cfg), "fn",
		`{"Effect":"Allow","Action":["kinesis:*","sqs:SendMessage"],"Resource":"*"}`)
	if _, err := functions.CreateFunction(ctx, &awslambda.CreateFunctionInput{
		FunctionName: aws.String("checker"), Role: role, Runtime: types.RuntimeProvidedal2023, Handler: aws.String("bootstrap"),
		Code: &types.FunctionCode{S3Bucket: aws.String(lambda.HandlerBucket), S3Key: aws.String("checker")},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := functions.CreateEventSourceMapping(ctx, &awslambda.CreateEventSourceMappingInput{
		FunctionName: aws.String("checker"), EventSourceArn: streamARN,
		StartingPosition: types.EventSourcePositionTrimHorizon, MaximumRetryAttempts: aws.Int32(0),
		DestinationConfig: &types.DestinationConfig{OnFailure: &types.OnFailure{Destination: aws.String("arn:aws:sqs:us-east-1:123456789012:failed")}},
	}); err != nil {
		t.Fatal(err)
	}
	put, err := streams.PutRecord(ctx, &kinesis.PutRecordInput{StreamARN: streamARN, PartitionKey: aws.String("k"), Data: []byte("poison")})
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		KinesisBatchInfo struct{ ShardId, StartSequenceNumber, StreamArn string }
	}
	got, err := queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: url, WaitTimeSeconds: 20})
	if err != nil || len(got.Messages) != 1 {
		t.Fatalf("received %+v, %v; want one document", got, err)
	}
	if err := json.Unmarshal([]byte(*got.Messages[0].Body), &document); err != nil {
		t.Fatal(err)
	}
	if info := document.KinesisBatchInfo; info.StartSequenceNumber != *put.SequenceNumber || info.StreamArn != *streamARN {
		t.Errorf("document %s does not name record %s", *got.Messages[0].Body, *put.SequenceNumber)
	}
}

func TestUnknownHandlerIsRefused(t *testing.T) {
	t.Parallel()
	c := runCloud(t, Config{})
	cfg := rootConfig(t, c)
	role := newRole(t, iam.NewFromConfig(cfg), "fn", `{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*"}`)
	_, err := awslambda.NewFromConfig(cfg).CreateFunction(t.Context(), &awslambda.CreateFunctionInput{
		FunctionName: aws.String("f"), Role: role, Runtime: types.RuntimeProvidedal2023, Handler: aws.String("bootstrap"),
		Code: &types.FunctionCode{S3Bucket: aws.String(lambda.HandlerBucket), S3Key: aws.String("nobody")},
	})
	if err == nil || !strings.Contains(err.Error(), `"nobody"`) {
		t.Errorf("got %v, want an error that names the handler", err)
	}
}
