package kinesis_test

import (
	"context"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/cloud"
	"github.com/weirstream/weir/platform/cloud/cloudtest"
	"github.com/weirstream/weir/platform/kinesis"
)

// BenchmarkAggregated takes b.N user records through an aggregating producer,
// the cloud and a consumer of four shards, all in this process. Use -benchtime
// 1000000x. Most of a record's cost is its bytes': each is digested by MD5 and
// SHA-256 at both ends and goes through base64 in JSON in both directions.
func BenchmarkAggregated(b *testing.B) {
	for _, bc := range []struct {
		name, consumer string
		bytes          int
	}{
		{"polling/100B", "", 100},
		{"polling/200B", "", 200},
		{"fan-out/100B", "app", 100},
		{"fan-out/200B", "app", 200},
	} {
		b.Run(bc.name, func(b *testing.B) {
			c := cloudtest.Run(b, cloud.Config{QuotasOff: true})
			api := client(b, c, &dialer{})
			stream := newStream(b, api, 4)
			var got atomic.Int64
			all := make(chan struct{})
			reader, err := kinesis.NewConsumer(api, kinesis.ConsumerConfig{
				Stream: stream, ConsumerName: bc.consumer, PollInterval: time.Millisecond,
			}, func(_ context.Context, batch kinesis.Batch) error {
				if n := int64(len(batch.Records)); got.Add(n) >= int64(b.N) && got.Load()-n < int64(b.N) {
					close(all)
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
			runUntilCleanup(b, reader.Run)
			p, err := kinesis.NewProducer(api, kinesis.ProducerConfig{Stream: stream, Aggregation: kinesis.Aggregation{On: true}})
			if err != nil {
				b.Fatal(err)
			}
			runUntilCleanup(b, p.Run)
			<-reader.Ready()
			keys, data := benchKeys(10_000), make([]byte, bc.bytes)
			var failed atomic.Int64
			done := func(_ kinesis.Receipt, err error) {
				if err != nil {
					failed.Add(1)
				}
			}
			before := cpuSeconds(b)
			b.ResetTimer()
			for i := range b.N {
				if err := p.PutAsync(b.Context(), kinesis.Record{PartitionKey: keys[i%len(keys)], Data: data}, done); err != nil {
					b.Fatal(err)
				}
			}
			<-all
			b.StopTimer()
			if failed.Load() > 0 || got.Load() != int64(b.N) {
				b.Fatalf("%d failed, %d read of %d", failed.Load(), got.Load(), b.N)
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
			b.ReportMetric((cpuSeconds(b)-before)/float64(b.N)*1e6, "cpu-s/Mrecord")
			b.ReportMetric(float64(b.N)/float64(p.Stats().Aggregates), "records/aggregate")
		})
	}
}

// cpuSeconds is what this process has used so far.
func cpuSeconds(b *testing.B) float64 {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds()
}
