package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/weirstream/weir/platform/kinesis"
)

const (
	aggregatedRecords = 1_000_000
	aggregatedKeys    = 10_000
	aggregatedTarget  = 1_000_000 // records per second
)

// measureAggregated takes user records through weir's own producer, which packs
// many into one stored record, the cloud, and weir's polling consumer.
func measureAggregated(ctx context.Context, o options) ([]row, error) {
	var rows []row
	for _, size := range []int{100, 200} {
		var rates, costs []float64
		for range o.rounds {
			rate, cost, err := aggregatedRound(ctx, size)
			if err != nil {
				return nil, fmt.Errorf("%d bytes: %w", size, err)
			}
			rates, costs = append(rates, rate), append(costs, cost)
		}
		r := row{
			what: fmt.Sprintf("aggregated records of %d B: producer → cloud → consumer", size),
			got:  fmt.Sprintf("%s, %.2f CPU-s per million", thousands(median(rates)), median(costs)),
		}
		if size == 100 {
			r.target, r.met = "≥ 1000 k rec/s", median(rates) >= aggregatedTarget
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// aggregatedRound gives records per second and the processor seconds that a
// million of them cost in both processes.
func aggregatedRound(ctx context.Context, size int) (rate, cost float64, err error) {
	server, err := start(serveCloud)
	if err != nil {
		return 0, 0, err
	}
	defer server.stop()
	api := client(server.endpoint)
	if err := createStream(ctx, api, "bench", putShards); err != nil {
		return 0, 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var read, failed atomic.Int64
	all := make(chan struct{})
	consumer, err := kinesis.NewConsumer(api, kinesis.ConsumerConfig{Stream: "bench", PollInterval: time.Millisecond},
		func(_ context.Context, b kinesis.Batch) error {
			n := int64(len(b.Records))
			if now := read.Add(n); now >= aggregatedRecords && now-n < aggregatedRecords {
				close(all)
			}
			return nil
		})
	if err != nil {
		return 0, 0, err
	}
	producer, err := kinesis.NewProducer(api, kinesis.ProducerConfig{Stream: "bench", Aggregation: kinesis.Aggregation{On: true}})
	if err != nil {
		return 0, 0, err
	}
	ended := make(chan error, 2)
	go func() { ended <- consumer.Run(ctx) }()
	go func() { ended <- producer.Run(ctx) }()
	<-consumer.Ready()
	before, began := ownProcessorTime(), time.Now()
	if err := putAggregated(ctx, producer, size, &failed); err != nil {
		return 0, 0, err
	}
	select {
	case <-all:
	case <-ctx.Done():
		return 0, 0, fmt.Errorf("read %d of %d records: %w", read.Load(), aggregatedRecords, ctx.Err())
	}
	took := time.Since(began)
	busy := ownProcessorTime() - before
	cancel()
	if err := errors.Join(<-ended, <-ended); err != nil {
		return 0, 0, err
	}
	busy += server.stop()
	if failed.Load() > 0 || read.Load() != aggregatedRecords {
		return 0, 0, fmt.Errorf("%d failed, %d read of %d", failed.Load(), read.Load(), aggregatedRecords)
	}
	return aggregatedRecords / took.Seconds(), busy.Seconds() / aggregatedRecords * 1e6, nil
}

func putAggregated(ctx context.Context, producer *kinesis.Producer, size int, failed *atomic.Int64) error {
	keys := make([]string, aggregatedKeys)
	for i := range keys {
		keys[i] = "device-" + strconv.Itoa(i)
	}
	data := putBatch(1)[0].Data[:size]
	done := func(_ kinesis.Receipt, err error) {
		if err != nil {
			failed.Add(1)
		}
	}
	for i := range aggregatedRecords {
		if err := producer.PutAsync(ctx, kinesis.Record{PartitionKey: keys[i%len(keys)], Data: data}, done); err != nil {
			return fmt.Errorf("put: %w", err)
		}
	}
	return nil
}
