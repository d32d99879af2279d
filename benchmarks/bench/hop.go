package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/kafka"
)

const (
	hopRecords     = 1_000_000
	hopKeys        = 10_000
	hopOverheadMax = 1.25
)

// measureHop compares a hop by weir's producer and consumer with one by
// franz-go as it is: acks from all replicas, the same batches, committed records
// only, a group with commits. The processor time is the client's; the brokers,
// in a process of their own, have the same work in both.
func measureHop(ctx context.Context, o options) ([]row, error) {
	var plain, weir, ratios, rates []float64
	for range o.rounds {
		a, _, err := hopRound(ctx, plainHop)
		if err != nil {
			return nil, fmt.Errorf("plain: %w", err)
		}
		b, rate, err := hopRound(ctx, weirHop)
		if err != nil {
			return nil, err
		}
		plain, weir, ratios, rates = append(plain, a), append(weir, b), append(ratios, b/a), append(rates, rate)
	}
	overhead := median(ratios)
	return []row{
		{what: fmt.Sprintf("Kafka hop of %d B, plain franz-go", kafkaBytes), got: fmt.Sprintf("%.2f CPU-s per million", median(plain)), ratio: "1.00"},
		{
			what: "the same by weir's producer and consumer", got: fmt.Sprintf("%.2f CPU-s per million, %s", median(weir), thousands(median(rates))),
			ratio: fmt.Sprintf("%.2f", overhead), target: fmt.Sprintf("≤ %.2f", hopOverheadMax), met: overhead <= hopOverheadMax,
		},
	}, nil
}

// hop puts records on topic hop, and reads them; it ends when read has heard of
// all of them.
type hop func(ctx context.Context, cluster kafka.Cluster, records func(put func(*kgo.Record) error) error, read func(n int) (all bool)) error

func hopRound(ctx context.Context, h hop) (cost, rate float64, err error) {
	server, cluster, err := startBrokers(ctx, "hop")
	if err != nil {
		return 0, 0, err
	}
	defer server.stop()
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	keys := make([][]byte, hopKeys)
	for i := range keys {
		keys[i] = []byte("cab-" + strconv.Itoa(i))
	}
	value := make([]byte, kafkaBytes)
	var seen atomic.Int64
	before, began := ownProcessorTime(), time.Now()
	err = h(ctx, cluster, func(put func(*kgo.Record) error) error {
		for i := range hopRecords {
			if err := put(&kgo.Record{Topic: "hop", Key: keys[i%len(keys)], Value: value}); err != nil {
				return err
			}
		}
		return nil
	}, func(n int) bool { return seen.Add(int64(n)) >= hopRecords })
	if err == nil && seen.Load() != hopRecords {
		err = fmt.Errorf("read %d of %d records", seen.Load(), hopRecords)
	}
	return (ownProcessorTime() - before).Seconds() / hopRecords * 1e6, hopRecords / time.Since(began).Seconds(), err
}

func plainHop(ctx context.Context, cluster kafka.Cluster, records func(func(*kgo.Record) error) error, read func(int) bool) error {
	producer, err := kgo.NewClient(append(cluster.Options(), kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerBatchCompression(kgo.SnappyCompression()), kgo.ProducerLinger(5*time.Millisecond))...)
	if err != nil {
		return err
	}
	defer producer.Close()
	consumer, err := kgo.NewClient(append(cluster.Options(), kgo.ConsumerGroup("plain"), kgo.ConsumeTopics("hop"),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.AutoCommitInterval(time.Second), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))...)
	if err != nil {
		return err
	}
	defer consumer.Close()
	ended := make(chan error, 1)
	go func() {
		for {
			fetches := consumer.PollFetches(ctx)
			if err := errors.Join(ctx.Err(), fetches.Err()); err != nil {
				ended <- err
				return
			}
			if read(fetches.NumRecords()) {
				ended <- nil
				return
			}
		}
	}()
	var failed atomic.Int64
	err = records(func(r *kgo.Record) error {
		producer.Produce(ctx, r, func(_ *kgo.Record, err error) {
			if err != nil {
				failed.Add(1)
			}
		})
		return nil
	})
	err = errors.Join(err, producer.Flush(ctx), <-ended)
	if failed.Load() > 0 {
		err = errors.Join(err, fmt.Errorf("%d records failed", failed.Load()))
	}
	return err
}

func weirHop(ctx context.Context, cluster kafka.Cluster, records func(func(*kgo.Record) error) error, read func(int) bool) error {
	producer, err := kafka.NewProducer(cluster, kafka.ProducerConfig{})
	if err != nil {
		return err
	}
	all := make(chan struct{})
	consumer, err := kafka.NewConsumer(cluster, kafka.ConsumerConfig{Member: kafka.Member{Group: "weir", InstanceID: "-"}, Topics: []string{"hop"}},
		func(_ context.Context, b kafka.Batch) error {
			if read(len(b.Records)) {
				close(all)
			}
			return nil
		})
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ended := make(chan error, 2)
	go func() { ended <- producer.Run(ctx) }()
	go func() { ended <- consumer.Run(ctx) }()
	var failed atomic.Int64
	err = records(func(r *kgo.Record) error {
		return producer.PutAsync(ctx, r, func(_ *kgo.Record, err error) {
			if err != nil {
				failed.Add(1)
			}
		})
	})
	select {
	case <-all:
	case <-ctx.Done():
		err = errors.Join(err, ctx.Err())
	}
	stop()
	err = errors.Join(err, <-ended, <-ended)
	if failed.Load() > 0 {
		err = errors.Join(err, fmt.Errorf("%d records failed", failed.Load()))
	}
	return err
}
