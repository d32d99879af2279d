package kinesis

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

const consumerBackoffBase = 100 * time.Millisecond

// retry makes try until it succeeds, fails for good or ctx ends.
func (c *Consumer) retry(ctx context.Context, what string, try func(ctx context.Context) error) error {
	var failed failures
	for {
		callCtx, cancel := context.WithTimeout(ctx, c.cfg.CallMax)
		err := try(callCtx)
		cancel()
		if err == nil {
			return nil
		}
		if err := c.putOff(ctx, what, &failed, err); err != nil {
			return err
		}
	}
}

// putOff waits before the next try, or returns err wrapped if none can help.
func (c *Consumer) putOff(ctx context.Context, what string, failed *failures, err error) error {
	if !failed.passing(err) || ctx.Err() != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return c.pause(ctx, what, c.jitter.Full(failed.tries-1, consumerBackoffBase, c.cfg.RetryMax), err)
}

// pause reports an error that is about to be retried, and waits.
func (c *Consumer) pause(ctx context.Context, what string, wait time.Duration, err error) error {
	c.retries.Add(1)
	c.cfg.Logger.WarnContext(ctx, "kinesis consumer retries", "stream", c.cfg.Stream, "action", what, "wait", wait, "error", err)
	return c.cfg.Clock.Sleep(ctx, wait)
}

// listShards gives every shard within the retention, parents before children.
func (c *Consumer) listShards(ctx context.Context) ([]*shard, error) {
	var shards []*shard
	in := &kinesis.ListShardsInput{}
	in.StreamName, in.StreamARN = streamRef(c.cfg.Stream)
	for {
		var out *kinesis.ListShardsOutput
		err := c.retry(ctx, "list shards", func(ctx context.Context) (err error) {
			out, err = c.api.ListShards(ctx, in, oneTry)
			return err
		})
		if err != nil {
			return nil, err
		}
		for i := range out.Shards {
			shards = append(shards, fromListed(&out.Shards[i]))
		}
		if out.NextToken == nil {
			return shards, nil
		}
		in = &kinesis.ListShardsInput{NextToken: out.NextToken}
	}
}

func fromListed(s *types.Shard) *shard {
	out := &shard{id: *s.ShardId, start: Position{Type: TrimHorizon}, hashes: hashesOf(s.HashKeyRange)}
	if s.SequenceNumberRange != nil && s.SequenceNumberRange.EndingSequenceNumber != nil {
		out.closed = true
	}
	for _, parent := range []*string{s.ParentShardId, s.AdjacentParentShardId} {
		if parent != nil {
			out.parents = append(out.parents, *parent)
		}
	}
	return out
}

// hashesOf is everything for a shard whose range is not told.
func hashesOf(r *types.HashKeyRange) hashRange {
	if r != nil {
		from, ok := parseHashKey(aws.ToString(r.StartingHashKey))
		to, ok2 := parseHashKey(aws.ToString(r.EndingHashKey))
		if ok && ok2 {
			return hashRange{from, to}
		}
	}
	return hashRange{to: lastHashKey()}
}

// childrenOf finds the children of an ended shard: those the service named at
// its end, or, for a service that did not, the listed ones. A closed shard
// always has children, so a list without them is merely late.
func (c *Consumer) childrenOf(ctx context.Context, id string, named []types.ChildShard) ([]*shard, error) {
	var children []*shard
	for _, child := range named {
		children = append(children, fromChildShard(child))
	}
	for len(children) == 0 && c.cfg.Shards == nil {
		all, err := c.listShards(ctx)
		if err != nil {
			return nil, err
		}
		for _, s := range all {
			if slices.Contains(s.parents, id) {
				children = append(children, s)
			}
		}
		if len(children) == 0 {
			if err := c.cfg.Clock.Sleep(ctx, time.Second); err != nil {
				return nil, err
			}
		}
	}
	if c.cfg.Shards != nil {
		return nil, nil
	}
	return children, nil
}
