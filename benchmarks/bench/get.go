package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"golang.org/x/sync/errgroup"

	weir "github.com/weirstream/weir/platform/kinesis"
)

// getFill is how many records are read back in one round.
const getFill = 400_000

// measureGet reads back what was put, and compares the rate with the ceiling of
// putting, as the design's table does. None may be missing.
func measureGet(ctx context.Context, o options) ([]row, error) {
	limit, err := start(serveCeiling)
	if err != nil {
		return nil, err
	}
	defer limit.stop()
	server, err := start(serveCloud)
	if err != nil {
		return nil, err
	}
	defer server.stop()
	api := client(server.endpoint)
	if err := createStream(ctx, api, "bench", putShards); err != nil {
		return nil, err
	}
	stored, err := fill(ctx, api)
	if err != nil {
		return nil, err
	}
	var ratios, rates, consumed, consumedRatios []float64
	for range o.rounds {
		top, err := putRound(ctx, client(limit.endpoint), "ceiling", o.round)
		if err != nil {
			return nil, err
		}
		rate, err := getRound(ctx, api, stored)
		if err != nil {
			return nil, err
		}
		ratios, rates = append(ratios, rate/top), append(rates, rate)
		if rate, err = consumeRound(ctx, api, stored); err != nil {
			return nil, err
		}
		consumedRatios, consumed = append(consumedRatios, rate/top), append(consumed, rate)
	}
	return []row{
		atLeast(
			fmt.Sprintf("GetRecords, %d records of 200 B back from 4 shards, 0 missing", stored),
			thousands(median(rates)), median(ratios), 1.10,
		),
		{
			what: "the same by weir's consumer, which has the SDK speak CBOR",
			got:  thousands(median(consumed)), ratio: fmt.Sprintf("%.2f", median(consumedRatios)),
		},
	}, nil
}

// fill puts getFill records and returns how many are stored: a retry of the
// SDK may have stored some twice, and they are all to be read back.
func fill(ctx context.Context, api *kinesis.Client) (int, error) {
	group, ctx := errgroup.WithContext(ctx)
	for worker := range putWorkers {
		group.Go(func() error {
			in := &kinesis.PutRecordsInput{StreamName: aws.String("bench"), Records: putBatch(uint64(worker))}
			for range getFill / putWorkers / putRecords {
				if _, err := api.PutRecords(ctx, in); err != nil {
					return fmt.Errorf("fill the stream: %w", err)
				}
			}
			return nil
		})
	}
	return getFill, group.Wait()
}

// getRound reads all shards at once, each from its beginning to its tip, and
// returns records per second.
func getRound(ctx context.Context, api *kinesis.Client, stored int) (float64, error) {
	shards, err := api.ListShards(ctx, &kinesis.ListShardsInput{StreamName: aws.String("bench")})
	if err != nil {
		return 0, fmt.Errorf("list shards: %w", err)
	}
	var read atomic.Int64
	began := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	for _, shard := range shards.Shards {
		group.Go(func() error {
			n, err := readShard(ctx, api, shard.ShardId)
			read.Add(int64(n))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	if int(read.Load()) < stored {
		return 0, fmt.Errorf("read back %d of %d records", read.Load(), stored)
	}
	return float64(read.Load()) / time.Since(began).Seconds(), nil
}

// consumeRound reads the same with weir's consumer, and returns records per second.
func consumeRound(ctx context.Context, api *kinesis.Client, stored int) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var read atomic.Int64
	consumer, err := weir.NewConsumer(api, weir.ConsumerConfig{Stream: "bench", PollInterval: time.Millisecond},
		func(_ context.Context, b weir.Batch) error {
			if read.Add(int64(len(b.Records))) >= int64(stored) {
				cancel()
			}
			return nil
		})
	if err != nil {
		return 0, err
	}
	began := time.Now()
	if err := consumer.Run(ctx); err != nil {
		return 0, fmt.Errorf("consume the stream: %w", err)
	}
	if int(read.Load()) < stored {
		return 0, fmt.Errorf("consumed %d of %d records", read.Load(), stored)
	}
	return float64(read.Load()) / time.Since(began).Seconds(), nil
}

func readShard(ctx context.Context, api *kinesis.Client, shard *string) (int, error) {
	at, err := api.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{
		StreamName: aws.String("bench"), ShardId: shard, ShardIteratorType: types.ShardIteratorTypeTrimHorizon,
	})
	if err != nil {
		return 0, fmt.Errorf("get iterator: %w", err)
	}
	read, iterator := 0, at.ShardIterator
	for {
		out, err := api.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: iterator})
		if err != nil {
			return read, fmt.Errorf("get records: %w", err)
		}
		read += len(out.Records)
		if aws.ToInt64(out.MillisBehindLatest) == 0 && len(out.Records) == 0 {
			return read, nil
		}
		iterator = out.NextShardIterator
	}
}
