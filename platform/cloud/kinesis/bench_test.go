package kinesis_test

import (
	"bytes"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/weirstream/weir/platform/cloud"
)

// BenchmarkPutRecords is 500 × 200 B per call from four workers through
// aws-sdk-go-v2 and HTTP, signatures verified; client and server share the cores.
func BenchmarkPutRecords(b *testing.B) {
	client, name := benchStream(b, 4)
	in := &kinesis.PutRecordsInput{StreamName: &name}
	for i := range 500 {
		in.Records = append(in.Records, types.PutRecordsRequestEntry{
			PartitionKey: aws.String(fmt.Sprint("key-", i)), Data: bytes.Repeat([]byte("x"), 200),
		})
	}
	b.ReportAllocs()
	b.ResetTimer()
	work := make(chan struct{})
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for range work {
				if out, err := client.PutRecords(b.Context(), in); err != nil || *out.FailedRecordCount != 0 {
					b.Error(err)
				}
			}
		})
	}
	for range b.N {
		work <- struct{}{}
	}
	close(work)
	workers.Wait()
	b.ReportMetric(float64(b.N)*500/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkGetRecords reads 500,000 records of 200 B back from four shards.
func BenchmarkGetRecords(b *testing.B) {
	client, name := benchStream(b, 4)
	const total = 500_000
	in := &kinesis.PutRecordsInput{StreamName: &name}
	for i := range 500 {
		in.Records = append(in.Records, types.PutRecordsRequestEntry{
			PartitionKey: aws.String(fmt.Sprint("key-", i)), Data: bytes.Repeat([]byte("x"), 200),
		})
	}
	for range total / 500 {
		if _, err := client.PutRecords(b.Context(), in); err != nil {
			b.Fatal(err)
		}
	}
	b.ResetTimer()
	for range b.N {
		counts := make([]int, 4)
		var workers sync.WaitGroup
		for i := range counts {
			workers.Go(func() { counts[i] = drainShard(b, client, name, fmt.Sprint("shardId-", i)) })
		}
		workers.Wait()
		if got := counts[0] + counts[1] + counts[2] + counts[3]; got < total { // the SDK may have retried a put
			b.Fatalf("read %d records, want %d", got, total)
		}
	}
	b.ReportMetric(float64(b.N)*total/b.Elapsed().Seconds(), "records/s")
}

func drainShard(b *testing.B, client *kinesis.Client, name, shard string) (n int) {
	it, err := client.GetShardIterator(b.Context(), &kinesis.GetShardIteratorInput{
		StreamName: &name, ShardId: &shard, ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
	})
	if err != nil {
		b.Error(err)
		return 0
	}
	for next := it.ShardIterator; ; {
		out, err := client.GetRecords(b.Context(), &kinesis.GetRecordsInput{ShardIterator: next})
		if err != nil {
			b.Error(err)
			return n
		}
		n += len(out.Records)
		if *out.MillisBehindLatest == 0 {
			return n
		}
		next = out.NextShardIterator
	}
}

// BenchmarkFanOutLatency measures from before a put to the SDK handing out its
// record, one at a time.
func BenchmarkFanOutLatency(b *testing.B) {
	client, name := benchStream(b, 1)
	summary, err := client.DescribeStreamSummary(b.Context(), &kinesis.DescribeStreamSummaryInput{StreamName: &name})
	if err != nil {
		b.Fatal(err)
	}
	consumer, err := client.RegisterStreamConsumer(b.Context(), &kinesis.RegisterStreamConsumerInput{
		StreamARN: summary.StreamDescriptionSummary.StreamARN, ConsumerName: aws.String("reader"),
	})
	if err != nil {
		b.Fatal(err)
	}
	var out *kinesis.SubscribeToShardOutput
	for out == nil { // until the consumer is active
		out, _ = client.SubscribeToShard(b.Context(), &kinesis.SubscribeToShardInput{
			ConsumerARN: consumer.Consumer.ConsumerARN, ShardId: aws.String("shardId-0"),
			StartingPosition: &types.StartingPosition{Type: types.ShardIteratorTypeTrimHorizon},
		})
	}
	defer out.GetStream().Close()
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		if _, err := client.PutRecord(b.Context(), &kinesis.PutRecordInput{StreamName: &name, PartitionKey: aws.String("k"), Data: []byte("x")}); err != nil {
			b.Fatal(err)
		}
		for event := range out.GetStream().Events() {
			if len(event.(*types.SubscribeToShardEventStreamMemberSubscribeToShardEvent).Value.Records) > 0 {
				break
			}
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

func benchStream(b *testing.B, shards int32) (*kinesis.Client, string) {
	b.Helper()
	client, _ := embedded(b, cloud.Config{QuotasOff: true})
	name := "bench"
	if _, err := client.CreateStream(b.Context(), &kinesis.CreateStreamInput{StreamName: &name, ShardCount: &shards}); err != nil {
		b.Fatal(err)
	}
	waiter := kinesis.NewStreamExistsWaiter(client, func(o *kinesis.StreamExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 5*time.Millisecond, 50*time.Millisecond
	})
	if err := waiter.Wait(b.Context(), &kinesis.DescribeStreamInput{StreamName: &name}, time.Minute); err != nil {
		b.Fatal(err)
	}
	return client, name
}
