package cloud

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// sdkConfig is what any Go program would use, with a transport of its own so
// that idle connections end with the test.
func sdkConfig(t *testing.T, c *Cloud, key, secret, token string) aws.Config {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return aws.Config{
		Region:       "us-east-1",
		BaseEndpoint: aws.String(c.Endpoint()),
		Credentials:  credentials.NewStaticCredentialsProvider(key, secret, token),
		HTTPClient:   &http.Client{Transport: transport},
		Retryer:      func() aws.Retryer { return aws.NopRetryer{} },
	}
}

func rootConfig(t *testing.T, c *Cloud) aws.Config { return sdkConfig(t, c, "test", "test", "") }

func newQueue(t *testing.T, client *sqs.Client, name string) *string {
	t.Helper()
	out, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(name)})
	if err != nil {
		t.Fatal(err)
	}
	return out.QueueUrl
}

func TestSQSRoundTripWithTheSDK(t *testing.T) {
	t.Parallel()
	c := runCloud(t, Config{})
	client := sqs.NewFromConfig(rootConfig(t, c))
	url := newQueue(t, client, "letters")
	if want := c.Endpoint() + "/123456789012/letters"; *url != want {
		t.Errorf("queue URL %s, want %s", *url, want)
	}
	// The SDK itself compares the digests of body and attributes.
	sent, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{
		QueueUrl: url, MessageBody: aws.String("grüße & <tags> 🚚"),
		MessageAttributes: map[string]types.MessageAttributeValue{
			"kind":  {DataType: aws.String("String"), StringValue: aws.String("offer")},
			"blob":  {DataType: aws.String("Binary.raw"), BinaryValue: []byte{0, 255}},
			"count": {DataType: aws.String("Number"), StringValue: aws.String("7")},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{
		QueueUrl: url, MessageAttributeNames: []string{"All"},
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{"All"},
	})
	if err != nil || len(got.Messages) != 1 {
		t.Fatalf("received %+v, %v; want one message", got, err)
	}
	m := got.Messages[0]
	if *m.Body != "grüße & <tags> 🚚" || *m.MessageId != *sent.MessageId || *m.MD5OfMessageAttributes != *sent.MD5OfMessageAttributes {
		t.Errorf("received %+v, sent %+v", m, sent)
	}
	if string(m.MessageAttributes["blob"].BinaryValue) != "\x00\xff" || m.Attributes["ApproximateReceiveCount"] != "1" || m.Attributes["SentTimestamp"] == "" {
		t.Errorf("attributes %+v %+v", m.MessageAttributes, m.Attributes)
	}
	if _, err := client.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: m.ReceiptHandle}); err != nil {
		t.Fatal(err)
	}
	counts, err := client.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{QueueUrl: url, AttributeNames: []types.QueueAttributeName{"All"}})
	if err != nil {
		t.Fatal(err)
	}
	a := counts.Attributes
	if a["ApproximateNumberOfMessages"] != "0" || a["ApproximateNumberOfMessagesNotVisible"] != "0" || a["QueueArn"] != "arn:aws:sqs:us-east-1:123456789012:letters" {
		t.Errorf("queue attributes %v", a)
	}
}

func TestSQSBatchWithTheSDK(t *testing.T) {
	t.Parallel()
	c := runCloud(t, Config{})
	client := sqs.NewFromConfig(rootConfig(t, c))
	url := newQueue(t, client, "batch")
	out, err := client.SendMessageBatch(t.Context(), &sqs.SendMessageBatchInput{QueueUrl: url, Entries: []types.SendMessageBatchRequestEntry{
		{Id: aws.String("a"), MessageBody: aws.String("one")},
		{Id: aws.String("b"), MessageBody: aws.String("bad \x01")},
		{Id: aws.String("c"), MessageBody: aws.String("three")},
	}})
	if err != nil || len(out.Successful) != 2 || len(out.Failed) != 1 || *out.Failed[0].Id != "b" || *out.Failed[0].Code != "InvalidMessageContents" {
		t.Fatalf("got %+v, %v", out, err)
	}
	got, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url, MaxNumberOfMessages: 10})
	if err != nil || len(got.Messages) != 2 {
		t.Fatalf("received %+v, %v", got, err)
	}
	entries := make([]types.DeleteMessageBatchRequestEntry, 0, 3)
	for _, m := range got.Messages {
		entries = append(entries, types.DeleteMessageBatchRequestEntry{Id: m.MessageId, ReceiptHandle: m.ReceiptHandle})
	}
	entries = append(entries, types.DeleteMessageBatchRequestEntry{Id: aws.String("x"), ReceiptHandle: aws.String("garbage")})
	deleted, err := client.DeleteMessageBatch(t.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: url, Entries: entries})
	if err != nil || len(deleted.Successful) != 2 || len(deleted.Failed) != 1 || *deleted.Failed[0].Code != "ReceiptHandleIsInvalid" {
		t.Errorf("deleted %+v, %v", deleted, err)
	}
}

func TestSQSErrorsAreTypedForTheSDK(t *testing.T) {
	t.Parallel()
	c := runCloud(t, Config{})
	client := sqs.NewFromConfig(rootConfig(t, c))
	newQueue(t, client, "taken")
	missing := aws.String(c.Endpoint() + "/123456789012/missing")

	_, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: missing, MessageBody: aws.String("x")})
	var noQueue *types.QueueDoesNotExist
	if !errors.As(err, &noQueue) || noQueue.ErrorCode() != "AWS.SimpleQueueService.NonExistentQueue" {
		t.Errorf("missing queue: %v (code %q)", err, codeOf(err))
	}
	_, err = client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("taken"), Attributes: map[string]string{"DelaySeconds": "5"}})
	var exists *types.QueueNameExists
	if !errors.As(err, &exists) {
		t.Errorf("changed attributes: %v", err)
	}
	for want, in := range map[string]*sqs.CreateQueueInput{
		"NotImplementedException": {QueueName: aws.String("q.fifo"), Attributes: map[string]string{"FifoQueue": "true"}},
		"InvalidAttributeName":    {QueueName: aws.String("q"), Attributes: map[string]string{"Colour": "red"}},
		"InvalidAttributeValue":   {QueueName: aws.String("q"), Attributes: map[string]string{"DelaySeconds": "901"}},
		"InvalidParameterValue":   {QueueName: aws.String("a b")},
	} {
		if _, err := client.CreateQueue(t.Context(), in); codeOf(err) != want {
			t.Errorf("got %v, want code %s", err, want)
		}
	}
}

func codeOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func TestLongPollWakesOnArrivalAndEndsWithTheServer(t *testing.T) {
	t.Parallel()
	c, stop := runStoppable(t, Config{})
	client := sqs.NewFromConfig(rootConfig(t, c))
	url := newQueue(t, client, "poll")
	waiting := make(chan struct{}, 2)
	c.AddHook(func(ctx context.Context, call *wire.Call, in any, next wire.Next) (any, error) {
		if call.Operation == "ReceiveMessage" {
			waiting <- struct{}{}
		}
		return next(ctx, in)
	})
	type result struct {
		out *sqs.ReceiveMessageOutput
		err error
	}
	receive := func() chan result {
		done := make(chan result, 1)
		go func() {
			out, err := client.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{QueueUrl: url, WaitTimeSeconds: 20})
			done <- result{out, err}
		}()
		<-waiting
		return done
	}
	start := time.Now()
	done := receive()
	if _, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("ring")}); err != nil {
		t.Fatal(err)
	}
	if r := <-done; r.err != nil || len(r.out.Messages) != 1 {
		t.Errorf("got %+v, want the message", r)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("the long poll took %s", took)
	}
	start = time.Now()
	done = receive()
	stop()
	if r := <-done; r.err != nil || len(r.out.Messages) != 0 {
		t.Errorf("got %+v, want an empty answer when the server stops", r)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("stopping took %s", took)
	}
}

func TestRolesAreEnforced(t *testing.T) {
	t.Parallel()
	c := runCloud(t, Config{})
	ctx := t.Context()
	root := rootConfig(t, c)
	url := newQueue(t, sqs.NewFromConfig(root), "guarded")
	admin := iam.NewFromConfig(root)
	role, err := admin.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName:                 aws.String("sender"),
		AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"sts:AssumeRole"}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = admin.PutRolePolicy(ctx, &iam.PutRolePolicyInput{
		RoleName: aws.String("sender"), PolicyName: aws.String("send"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:*:*:guarded"}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	session, err := sts.NewFromConfig(root).AssumeRole(ctx, &sts.AssumeRoleInput{RoleArn: role.Role.Arn, RoleSessionName: aws.String("desk")})
	if err != nil {
		t.Fatal(err)
	}
	cr := session.Credentials
	assumed := sdkConfig(t, c, *cr.AccessKeyId, *cr.SecretAccessKey, *cr.SessionToken)
	who, err := sts.NewFromConfig(assumed).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil || *who.Arn != "arn:aws:sts::123456789012:assumed-role/sender/desk" {
		t.Errorf("caller %+v, %v", who, err)
	}
	client := sqs.NewFromConfig(assumed)
	if _, err := client.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: url, MessageBody: aws.String("x")}); err != nil {
		t.Errorf("permitted call: %v", err)
	}
	_, err = client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: url})
	if !strings.Contains(codeOf(err), "AccessDenied") {
		t.Errorf("forbidden call: %v", err)
	}
	stranger := sqs.NewFromConfig(sdkConfig(t, c, "test", "wrong", ""))
	if _, err := stranger.ListQueues(ctx, nil); codeOf(err) != "InvalidSignatureException" {
		t.Errorf("wrong secret: %v", err)
	}
}
