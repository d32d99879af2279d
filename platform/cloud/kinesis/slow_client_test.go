package kinesis_test

import (
	"context"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud"
)

// TestSlowAndGoneClients has a client subscribe and read nothing while far more
// than its connection buffers is put: writers go on, another subscription takes
// over and gets everything, the stuck one is cut off, and a client that leaves
// leaves nothing behind. Not parallel: it looks at all goroutines.
func TestSlowAndGoneClients(t *testing.T) {
	client, _ := embedded(t, cloud.Config{QuotasOff: true})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	const records, size = 48, 1<<20 - 1
	arn := subscribedStream(ctx, t, client)
	subscribe := func() *kinesis.SubscribeToShardEventStream {
		// A client of its own: event streams of one share a buffer in smithy-go 1.28.8.
		out, err := kinesis.New(client.Options()).SubscribeToShard(ctx, &kinesis.SubscribeToShardInput{
			ConsumerARN: &arn, ShardId: aws.String("shardId-000000000000"),
			StartingPosition: &types.StartingPosition{Type: types.ShardIteratorTypeTrimHorizon},
		})
		if err != nil {
			t.Fatal(err)
		}
		return out.GetStream()
	}
	stuck := subscribe()
	defer stuck.Close()
	for range records {
		if _, err := client.PutRecord(ctx, &kinesis.PutRecordInput{StreamName: aws.String("slow"), PartitionKey: aws.String("k"), Data: make([]byte, size)}); err != nil {
			t.Fatal(err)
		}
	}
	next := subscribe()
	got := 0
	for got < records {
		event, ok := <-next.Events()
		if !ok {
			t.Fatalf("after %d records: %v", got, next.Err())
		}
		got += len(event.(*types.SubscribeToShardEventStreamMemberSubscribeToShardEvent).Value.Records)
	}
	awaitFollowers(ctx, t, 1) // the stuck one is cut off though its client still reads nothing
	served := 0
	for range stuck.Events() { // what its buffers hold
		served++
	}
	if served >= records {
		t.Errorf("the stuck client was served all %d events", served)
	}
	next.Close()
	awaitFollowers(ctx, t, 0)
}

// awaitFollowers waits until so many subscriptions are being served.
func awaitFollowers(ctx context.Context, t *testing.T, want int) {
	t.Helper()
	for followers() != want {
		if err := (clock.Wall{}).Sleep(ctx, 10*time.Millisecond); err != nil {
			t.Fatalf("%d subscriptions are served, want %d", followers(), want)
		}
	}
}

func followers() int {
	var text strings.Builder
	if err := pprof.Lookup("goroutine").WriteTo(&text, 2); err != nil {
		return -1
	}
	return strings.Count(text.String(), "(*Service).follow(")
}

// subscribedStream creates the stream "slow" and returns the ARN of its consumer.
func subscribedStream(ctx context.Context, t *testing.T, client *kinesis.Client) string {
	t.Helper()
	if _, err := client.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: aws.String("slow"), ShardCount: aws.Int32(1)}); err != nil {
		t.Fatal(err)
	}
	waiter := kinesis.NewStreamExistsWaiter(client, func(o *kinesis.StreamExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 5*time.Millisecond, 50*time.Millisecond
	})
	d, err := waiter.WaitForOutput(ctx, &kinesis.DescribeStreamInput{StreamName: aws.String("slow")}, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	consumer, err := client.RegisterStreamConsumer(ctx, &kinesis.RegisterStreamConsumerInput{
		StreamARN: d.StreamDescription.StreamARN, ConsumerName: aws.String("reader"),
	})
	if err != nil {
		t.Fatal(err)
	}
	for {
		c, err := client.DescribeStreamConsumer(ctx, &kinesis.DescribeStreamConsumerInput{ConsumerARN: consumer.Consumer.ConsumerARN})
		if err != nil {
			t.Fatal(err)
		}
		if c.ConsumerDescription.ConsumerStatus == types.ConsumerStatusActive {
			return *consumer.Consumer.ConsumerARN
		}
	}
}
