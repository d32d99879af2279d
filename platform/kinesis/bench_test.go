package kinesis_test

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud"
	"github.com/weirstream/weir/platform/cloud/cloudtest"
	"github.com/weirstream/weir/platform/kinesis"
)

const benchBytes = 200 // of one record

// BenchmarkProducer puts 200-byte records on four shards, the cloud included.
func BenchmarkProducer(b *testing.B) {
	for name, ordered := range map[string]bool{"any-order": false, "order-per-key": true} {
		b.Run(name, func(b *testing.B) {
			c := cloudtest.Run(b, cloud.Config{QuotasOff: true})
			api := client(b, c, &dialer{})
			stream := newStream(b, api, 4)
			p, err := kinesis.NewProducer(api, kinesis.ProducerConfig{Stream: stream, OrderPerKey: ordered})
			if err != nil {
				b.Fatal(err)
			}
			ctx, cancel := context.WithCancel(b.Context())
			ended := make(chan error, 1)
			go func() { ended <- p.Run(ctx) }()
			keys, data := benchKeys(10_000), make([]byte, benchBytes)
			var failed atomic.Int64
			for i := 0; b.Loop(); i++ {
				err := p.PutAsync(ctx, kinesis.Record{PartitionKey: keys[i%len(keys)], Data: data}, func(_ kinesis.Receipt, err error) {
					if err != nil {
						failed.Add(1)
					}
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			cancel()
			if err := <-ended; err != nil || failed.Load() > 0 {
				b.Fatalf("%v, %d records failed", err, failed.Load())
			}
			s := p.Stats()
			b.ReportMetric(float64(s.Acknowledged)/b.Elapsed().Seconds(), "records/s")
			b.ReportMetric(float64(s.Acknowledged)/float64(s.Calls), "records/call")
		})
	}
}

func benchKeys(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("device-%05d", i)
	}
	return keys
}

// BenchmarkConsumer reads b.N records back from four shards.
func BenchmarkConsumer(b *testing.B) {
	for name, consumer := range map[string]string{"polling": "", "fan-out": "app"} {
		b.Run(name, func(b *testing.B) {
			c := cloudtest.Run(b, cloud.Config{QuotasOff: true})
			api := client(b, c, &dialer{})
			stream := newStream(b, api, 4)
			keys := benchKeys(10_000)
			records := make([]kinesis.Record, b.N)
			for i := range records {
				records[i] = kinesis.Record{PartitionKey: keys[i%len(keys)], Data: make([]byte, benchBytes)}
			}
			if err := kinesis.PutAll(b.Context(), api, stream, records); err != nil {
				b.Fatal(err)
			}
			ctx, cancel := context.WithCancel(b.Context())
			defer cancel()
			var got atomic.Int64
			reader, err := kinesis.NewConsumer(api, kinesis.ConsumerConfig{
				Stream: stream, ConsumerName: consumer, PollInterval: time.Millisecond,
			}, func(_ context.Context, batch kinesis.Batch) error {
				if got.Add(int64(len(batch.Records))) >= int64(b.N) {
					cancel()
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			if err := reader.Run(ctx); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(got.Load())/b.Elapsed().Seconds(), "records/s")
		})
	}
}

// BenchmarkPutToRead measures from the call of PutAsync to the handler at 200
// records a second; use -benchtime 1000x.
func BenchmarkPutToRead(b *testing.B) {
	for name, consumer := range map[string]string{"polling": "", "fan-out": "app"} {
		b.Run(name, func(b *testing.B) {
			c := cloudtest.Run(b, cloud.Config{QuotasOff: true})
			api := client(b, c, &dialer{})
			stream := newStream(b, api, 1)
			wall := clock.Wall{}
			sent := make([]time.Time, b.N)
			took := make(chan time.Duration, b.N)
			reader, err := kinesis.NewConsumer(api, kinesis.ConsumerConfig{
				Stream: stream, ConsumerName: consumer, PollInterval: time.Millisecond,
			}, func(_ context.Context, batch kinesis.Batch) error {
				for _, r := range batch.Records {
					var i int
					if _, err := fmt.Sscan(string(r.Data), &i); err != nil {
						return err
					}
					took <- wall.Now().Sub(sent[i])
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
			runUntilCleanup(b, reader.Run)
			p, err := kinesis.NewProducer(api, kinesis.ProducerConfig{Stream: stream})
			if err != nil {
				b.Fatal(err)
			}
			runUntilCleanup(b, p.Run)
			<-reader.Ready()
			b.ResetTimer()
			tick := wall.NewTicker(5 * time.Millisecond)
			defer tick.Stop()
			for i := range b.N {
				<-tick.C
				sent[i] = wall.Now()
				if err := p.PutAsync(b.Context(), kinesis.Record{PartitionKey: "k", Data: fmt.Append(nil, i)}, func(kinesis.Receipt, error) {}); err != nil {
					b.Fatal(err)
				}
			}
			all := make([]time.Duration, b.N)
			for i := range all {
				all[i] = <-took
			}
			slices.Sort(all)
			b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
		})
	}
}
