package kafka_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/kafka"
)

// The hop overhead is weir's figure over plain's of the same run. The brokers
// are in the same process; their share is in both.

func benchRecord(i int, keys [][]byte, value []byte) *kgo.Record {
	return &kgo.Record{Topic: "in", Key: keys[i%len(keys)], Value: value}
}

func benchInput() (keys [][]byte, value []byte) {
	for i := range 10_000 {
		keys = append(keys, fmt.Appendf(nil, "cab-%08d", i))
	}
	return keys, make([]byte, 200)
}

// BenchmarkProducer puts 200-byte records on six partitions.
func BenchmarkProducer(b *testing.B) {
	keys, value := benchInput()
	b.Run("plain", func(b *testing.B) {
		_, cluster := brokers(b, []string{"in"}, kfake.BlackholeProduce())
		client, err := kgo.NewClient(append(cluster.Options(), kgo.RequiredAcks(kgo.AllISRAcks()),
			kgo.ProducerBatchCompression(kgo.Lz4Compression()), kgo.ProducerLinger(5*time.Millisecond))...)
		if err != nil {
			b.Fatal(err)
		}
		defer client.Close()
		var failed atomic.Int64
		for i := 0; b.Loop(); i++ {
			client.Produce(context.Background(), benchRecord(i, keys, value), func(_ *kgo.Record, err error) {
				if err != nil {
					failed.Add(1)
				}
			})
		}
		if err := client.Flush(b.Context()); err != nil || failed.Load() > 0 {
			b.Fatal(err, failed.Load())
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
	})
	b.Run("weir", func(b *testing.B) {
		_, cluster := brokers(b, []string{"in"}, kfake.BlackholeProduce())
		p := newProducer(b, cluster, kafka.ProducerConfig{Topic: "in"})
		stop := running(b, p.Run)
		var failed atomic.Int64
		for i := 0; b.Loop(); i++ {
			if err := p.PutAsync(b.Context(), benchRecord(i, keys, value), func(_ *kgo.Record, err error) {
				if err != nil {
					failed.Add(1)
				}
			}); err != nil {
				b.Fatal(err)
			}
		}
		if err := stop(); err != nil || failed.Load() > 0 {
			b.Fatal(err, failed.Load())
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
	})
}

// BenchmarkConsumer reads 200-byte records of six partitions that the brokers
// make up, so that only the way to the handler is measured.
func BenchmarkConsumer(b *testing.B) {
	synthetic := kfake.SyntheticFetch(kfake.SyntheticBatch{RecordBytes: 200})
	b.Run("plain", func(b *testing.B) {
		_, cluster := brokers(b, []string{"in"}, synthetic)
		client, err := kgo.NewClient(append(cluster.Options(), kgo.ConsumerGroup("plain"), kgo.ConsumeTopics("in"),
			kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.AutoCommitInterval(time.Second))...)
		if err != nil {
			b.Fatal(err)
		}
		defer client.Close()
		client.PollRecords(b.Context(), 1)
		b.ResetTimer()
		for n := 0; n < b.N; {
			client.PollFetches(b.Context()).EachPartition(func(p kgo.FetchTopicPartition) { n += len(p.Records) })
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
	})
	b.Run("weir", func(b *testing.B) {
		_, cluster := brokers(b, []string{"in"}, synthetic)
		var n atomic.Int64
		enough := make(chan struct{}, 1)
		started := make(chan struct{}, 1)
		c := newConsumer(b, cluster, kafka.ConsumerConfig{Member: kafka.Member{Group: "weir"}, Topics: []string{"in"}}, func(_ context.Context, batch kafka.Batch) error {
			select {
			case started <- struct{}{}:
			default:
			}
			if n.Add(int64(len(batch.Records))) >= int64(b.N) {
				select {
				case enough <- struct{}{}:
				default:
				}
			}
			return nil
		})
		stop := running(b, c.Run)
		<-started
		b.ResetTimer()
		n.Store(0)
		<-enough
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
		b.StopTimer()
		if err := stop(); err != nil {
			b.Fatal(err)
		}
	})
}
