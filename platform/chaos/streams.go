package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// pollEvery is how often a reshard's end and a put's retry are asked for.
const pollEvery = 50 * time.Millisecond

// Poisoned is one record of poison and where it lies: on a stream or on a topic.
type Poisoned struct {
	Stream, OnFailure, ShardID, SequenceNumber string

	Topic     string
	Partition int32
	Offset    int64
}

// Poisoned lists the poison that was put, once Run has returned.
func (e *Engine) Poisoned() []Poisoned {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.poisoned)
}

// poison puts records that are no JSON, no UTF-8 and no KPL frame.
func (e *Engine) poison(ctx context.Context, f Planned) error {
	rng := f.random()
	left := make([]types.PutRecordsRequestEntry, f.Records)
	for i := range left {
		left[i] = types.PutRecordsRequestEntry{
			PartitionKey: aws.String(fmt.Sprintf("poison-%016x", rng.Uint64())),
			Data:         fmt.Appendf(nil, "\xff\x00weir poison %d of %s", i+1, e.cfg.Mark),
		}
	}
	for {
		out, err := e.cfg.Kinesis.PutRecords(ctx, &kinesis.PutRecordsInput{StreamName: aws.String(f.On.Name), Records: left})
		if err != nil {
			return fmt.Errorf("put poison on %s: %w", f.On.Name, err)
		}
		var again []types.PutRecordsRequestEntry
		e.mu.Lock()
		for i, r := range out.Records {
			if r.ErrorCode != nil {
				again = append(again, left[i])
				continue
			}
			e.poisoned = append(e.poisoned, Poisoned{
				Stream: f.On.Name, OnFailure: f.On.OnFailure,
				ShardID: aws.ToString(r.ShardId), SequenceNumber: aws.ToString(r.SequenceNumber),
			})
		}
		e.mu.Unlock()
		if left = again; len(left) == 0 {
			return nil
		}
		if err := e.cfg.Clock.Sleep(ctx, pollEvery); err != nil {
			return fmt.Errorf("put poison on %s: %w", f.On.Name, err)
		}
	}
}

// split halves an open shard and waits until the stream is active again.
func (e *Engine) split(ctx context.Context, f Planned) error {
	return e.reshard(ctx, f, func(open []types.Shard) error {
		shard := open[f.random().IntN(len(open))]
		first, last, err := hashRange(shard)
		if err != nil {
			return err
		}
		middle := new(big.Int).Add(first, last)
		middle.Rsh(middle, 1).Add(middle, big.NewInt(1))
		if middle.Cmp(last) > 0 {
			return fmt.Errorf("shard %s has one hash key, which cannot be split", aws.ToString(shard.ShardId))
		}
		_, err = e.cfg.Kinesis.SplitShard(ctx, &kinesis.SplitShardInput{
			StreamName: aws.String(f.On.Name), ShardToSplit: shard.ShardId, NewStartingHashKey: aws.String(middle.String()),
		})
		return err
	})
}

// merge joins two adjacent open shards and waits until the stream is active again.
func (e *Engine) merge(ctx context.Context, f Planned) error {
	return e.reshard(ctx, f, func(open []types.Shard) error {
		var pairs [][2]types.Shard
		for _, left := range open {
			for _, right := range open {
				_, last, err := hashRange(left)
				first, _, err2 := hashRange(right)
				if err := errors.Join(err, err2); err != nil {
					return err
				}
				if last.Add(last, big.NewInt(1)).Cmp(first) == 0 {
					pairs = append(pairs, [2]types.Shard{left, right})
				}
			}
		}
		if len(pairs) == 0 {
			return errors.New("there are no two adjacent open shards")
		}
		pair := pairs[f.random().IntN(len(pairs))]
		_, err := e.cfg.Kinesis.MergeShards(ctx, &kinesis.MergeShardsInput{
			StreamName: aws.String(f.On.Name), ShardToMerge: pair[0].ShardId, AdjacentShardToMerge: pair[1].ShardId,
		})
		return err
	})
}

// reshard changes a stream's open shards once it is active, and waits until it
// is active again. Reshards of one stream wait for each other: the list of open
// shards is good until the next one.
func (e *Engine) reshard(ctx context.Context, f Planned, change func(open []types.Shard) error) error {
	one := e.resharding(f.On.Name)
	one.Lock()
	defer one.Unlock()
	for {
		if err := e.active(ctx, f.On.Name); err != nil {
			return err
		}
		open, err := e.openShards(ctx, f.On.Name)
		if err != nil {
			return err
		}
		err = change(open)
		var busy *types.ResourceInUseException
		var rate *types.LimitExceededException
		switch {
		case err == nil:
			return e.active(ctx, f.On.Name)
		case !errors.As(err, &busy) && !errors.As(err, &rate):
			return fmt.Errorf("%s a shard of %s: %w", f.Kind, f.On.Name, err)
		}
		if err := e.cfg.Clock.Sleep(ctx, pollEvery); err != nil {
			return fmt.Errorf("%s a shard of %s: %w", f.Kind, f.On.Name, err)
		}
	}
}

func (e *Engine) resharding(stream string) *sync.Mutex {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.reshards[stream] == nil {
		e.reshards[stream] = &sync.Mutex{}
	}
	return e.reshards[stream]
}

func (e *Engine) active(ctx context.Context, stream string) error {
	for {
		out, err := e.cfg.Kinesis.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: aws.String(stream)})
		if err != nil {
			return fmt.Errorf("describe %s: %w", stream, err)
		}
		if out.StreamDescriptionSummary.StreamStatus == types.StreamStatusActive {
			return nil
		}
		if err := e.cfg.Clock.Sleep(ctx, pollEvery); err != nil {
			return fmt.Errorf("wait for %s to be active: %w", stream, err)
		}
	}
}

// openShards are in the order of their ids, so that a seed picks the same one.
func (e *Engine) openShards(ctx context.Context, stream string) (open []types.Shard, err error) {
	in := &kinesis.ListShardsInput{StreamName: aws.String(stream)}
	for {
		out, err := e.cfg.Kinesis.ListShards(ctx, in)
		if err != nil {
			return nil, fmt.Errorf("list shards of %s: %w", stream, err)
		}
		for _, s := range out.Shards {
			if s.SequenceNumberRange != nil && s.SequenceNumberRange.EndingSequenceNumber == nil {
				open = append(open, s)
			}
		}
		if out.NextToken == nil {
			break
		}
		in = &kinesis.ListShardsInput{NextToken: out.NextToken}
	}
	if len(open) == 0 {
		return nil, fmt.Errorf("stream %s has no open shard", stream)
	}
	slices.SortFunc(open, func(a, b types.Shard) int {
		return strings.Compare(aws.ToString(a.ShardId), aws.ToString(b.ShardId))
	})
	return open, nil
}

func hashRange(s types.Shard) (first, last *big.Int, err error) {
	first, ok := new(big.Int).SetString(aws.ToString(s.HashKeyRange.StartingHashKey), 10)
	last, ok2 := new(big.Int).SetString(aws.ToString(s.HashKeyRange.EndingHashKey), 10)
	if !ok || !ok2 {
		return nil, nil, fmt.Errorf("shard %s has no hash key range", aws.ToString(s.ShardId))
	}
	return first, last, nil
}
