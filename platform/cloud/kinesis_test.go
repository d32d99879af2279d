package cloud

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// newStream creates a stream and waits until it is ACTIVE.
func newStream(t *testing.T, client *kinesis.Client, name string, shards int32) (arn *string) {
	t.Helper()
	if _, err := client.CreateStream(t.Context(), &kinesis.CreateStreamInput{StreamName: &name, ShardCount: &shards}); err != nil {
		t.Fatal(err)
	}
	in := &kinesis.DescribeStreamSummaryInput{StreamName: &name}
	waiter := kinesis.NewStreamExistsWaiter(client, func(o *kinesis.StreamExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 5*time.Millisecond, 50*time.Millisecond
	})
	if err := waiter.Wait(t.Context(), &kinesis.DescribeStreamInput{StreamName: &name}, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	out, err := client.DescribeStreamSummary(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return out.StreamDescriptionSummary.StreamARN
}

func TestKinesisRoundTripWithTheSDK(t *testing.T) {
	t.Parallel()
	c := runCloud(t, Config{})
	client := kinesis.NewFromConfig(rootConfig(t, c))
	newStream(t, client, "s", 1)
	put, err := client.PutRecord(t.Context(), &kinesis.PutRecordInput{StreamName: aws.String("s"), PartitionKey: aws.String("k"), Data: []byte("hello")})
	if err != nil {
		t.Fatal(err)
	}
	it, err := client.GetShardIterator(t.Context(), &kinesis.GetShardIteratorInput{
		StreamName: aws.String("s"), ShardId: put.ShardId, ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: it.ShardIterator})
	if err != nil || len(got.Records) != 1 || string(got.Records[0].Data) != "hello" || *got.Records[0].SequenceNumber != *put.SequenceNumber {
		t.Fatalf("read %+v, %v", got, err)
	}
}

func TestEnhancedFanOutDeliversAndEndsWithTheServer(t *testing.T) {
	t.Parallel()
	c, stop := runStoppable(t, Config{})
	client := kinesis.NewFromConfig(rootConfig(t, c))
	arn := newStream(t, client, "s", 1)
	consumer, err := client.RegisterStreamConsumer(t.Context(), &kinesis.RegisterStreamConsumerInput{StreamARN: arn, ConsumerName: aws.String("c")})
	if err != nil {
		t.Fatal(err)
	}
	var sub *kinesis.SubscribeToShardOutput
	for sub == nil { // CREATING for a moment
		sub, err = client.SubscribeToShard(t.Context(), &kinesis.SubscribeToShardInput{
			ConsumerARN: consumer.Consumer.ConsumerARN, ShardId: aws.String("shardId-000000000000"),
			StartingPosition: &types.StartingPosition{Type: types.ShardIteratorTypeTrimHorizon},
		})
		if err != nil && codeOf(err) != "ResourceInUseException" && codeOf(err) != "ResourceNotFoundException" {
			t.Fatal(err)
		}
	}
	defer sub.GetStream().Close()
	if _, err := client.PutRecord(t.Context(), &kinesis.PutRecordInput{StreamARN: arn, PartitionKey: aws.String("k"), Data: []byte("pushed")}); err != nil {
		t.Fatal(err)
	}
	for event := range sub.GetStream().Events() {
		e := event.(*types.SubscribeToShardEventStreamMemberSubscribeToShardEvent)
		if len(e.Value.Records) == 1 && string(e.Value.Records[0].Data) == "pushed" {
			break
		}
	}
	start := time.Now()
	stop()
	for range sub.GetStream().Events() {
	}
	if took := time.Since(start); took > 4*time.Second {
		t.Errorf("the subscription outlived the server's stop by %s", took)
	}
}
