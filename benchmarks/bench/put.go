package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"golang.org/x/sync/errgroup"
)

// The load of design's speed table: what emulators are compared by.
const (
	putRecords = 500 // per call
	putBytes   = 200 // per record
	putShards  = 4
	putWorkers = 4
)

// measurePut compares PutRecords, with signatures verified and input
// validated, with the same client against the ceiling.
func measurePut(ctx context.Context, o options) ([]row, error) {
	limit, err := start(serveCeiling)
	if err != nil {
		return nil, err
	}
	defer limit.stop()
	var ratios, rates, ceilings []float64
	for range o.rounds {
		top, err := putRound(ctx, client(limit.endpoint), "ceiling", o.round)
		if err != nil {
			return nil, err
		}
		rate, err := putOnCloud(ctx, o.round)
		if err != nil {
			return nil, err
		}
		ratios, rates, ceilings = append(ratios, rate/top), append(rates, rate), append(ceilings, top)
	}
	return []row{
		{what: "canned reply, PutRecords 500 × 200 B, 4 workers", got: thousands(median(ceilings)), ratio: "1.00"},
		atLeast("PutRecords 500 × 200 B, 4 shards, 4 workers", thousands(median(rates)), median(ratios), 0.50),
	}, nil
}

// putOnCloud is one round on a cloud of its own, so that rounds start alike.
func putOnCloud(ctx context.Context, round time.Duration, args ...string) (float64, error) {
	server, err := start(serveCloud, args...)
	if err != nil {
		return 0, err
	}
	defer server.stop()
	api := client(server.endpoint)
	if err := createStream(ctx, api, "bench", putShards); err != nil {
		return 0, err
	}
	return putRound(ctx, api, "bench", round)
}

// putRound puts with all workers for a while and returns records per second.
func putRound(ctx context.Context, api *kinesis.Client, stream string, round time.Duration) (float64, error) {
	var stored atomic.Int64
	began := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	for worker := range putWorkers {
		group.Go(func() error {
			in := &kinesis.PutRecordsInput{StreamName: &stream, Records: putBatch(uint64(worker))}
			for time.Since(began) < round {
				out, err := api.PutRecords(ctx, in)
				if err != nil {
					return fmt.Errorf("put records: %w", err)
				}
				if n := aws.ToInt32(out.FailedRecordCount); n > 0 {
					return fmt.Errorf("put records: %d refused", n)
				}
				stored.Add(int64(len(out.Records)))
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	return float64(stored.Load()) / time.Since(began).Seconds(), nil
}

// putBatch is one call's records: incompressible data under keys that spread.
func putBatch(seed uint64) []types.PutRecordsRequestEntry {
	random := rand.New(rand.NewPCG(seed, 1))
	batch := make([]types.PutRecordsRequestEntry, putRecords)
	for i := range batch {
		data := make([]byte, putBytes)
		for j := range data {
			data[j] = byte(random.Uint32())
		}
		batch[i] = types.PutRecordsRequestEntry{Data: data, PartitionKey: aws.String(strconv.FormatUint(random.Uint64(), 36))}
	}
	return batch
}
