package main

import (
	"context"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	awskinesis "github.com/aws/aws-sdk-go-v2/service/kinesis"

	"github.com/weirstream/weir/platform/kinesis"
)

// tipWatch watches a consumer's reads and calls reached once every shard was
// read to its tip. A consumer reads a shard again only after it has handled
// what the last read brought, so an empty read at the tip means that all
// before it was handled.
type tipWatch struct {
	kinesis.API
	only    string // shard, or "" for all
	reached func()

	mu      sync.Mutex
	shardOf map[string]string // by iterator in hand
	atTip   map[string]bool   // by shard known
}

func newTipWatch(api kinesis.API, only string, reached func()) *tipWatch {
	w := &tipWatch{API: api, only: only, reached: reached, shardOf: map[string]string{}, atTip: map[string]bool{}}
	if only != "" {
		w.atTip[only] = false
	}
	return w
}

// ListShards notes the shards there are to read.
func (w *tipWatch) ListShards(ctx context.Context, in *awskinesis.ListShardsInput, opts ...func(*awskinesis.Options)) (*awskinesis.ListShardsOutput, error) {
	out, err := w.API.ListShards(ctx, in, opts...)
	if err != nil || w.only != "" {
		return out, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, shard := range out.Shards {
		w.know(aws.ToString(shard.ShardId))
	}
	return out, nil
}

// GetShardIterator notes whose iterator it is.
func (w *tipWatch) GetShardIterator(ctx context.Context, in *awskinesis.GetShardIteratorInput, opts ...func(*awskinesis.Options)) (*awskinesis.GetShardIteratorOutput, error) {
	out, err := w.API.GetShardIterator(ctx, in, opts...)
	if err != nil {
		return out, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.shardOf[aws.ToString(out.ShardIterator)] = aws.ToString(in.ShardId)
	return out, nil
}

// GetRecords notes which shard is at its tip.
func (w *tipWatch) GetRecords(ctx context.Context, in *awskinesis.GetRecordsInput, opts ...func(*awskinesis.Options)) (*awskinesis.GetRecordsOutput, error) {
	out, err := w.API.GetRecords(ctx, in, opts...)
	if err != nil {
		return out, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	shard := w.shardOf[aws.ToString(in.ShardIterator)]
	delete(w.shardOf, aws.ToString(in.ShardIterator))
	ended := out.NextShardIterator == nil
	if !ended {
		w.shardOf[*out.NextShardIterator] = shard
	}
	switch {
	case len(out.Records) == 0 && aws.ToInt64(out.MillisBehindLatest) == 0:
		w.atTip[shard] = true
	case ended && w.only == "":
		// Its last records are still to be handled, but so are its children
		// after them. A single shard's end ends the consumer itself.
		w.atTip[shard] = true
		for _, child := range out.ChildShards { // new ones are not listed yet
			w.know(aws.ToString(child.ShardId))
		}
	}
	if w.allAtTip() {
		w.reached()
	}
	return out, nil
}

// know adds a shard, unless it is known.
func (w *tipWatch) know(shard string) {
	if _, known := w.atTip[shard]; !known {
		w.atTip[shard] = false
	}
}

func (w *tipWatch) allAtTip() bool {
	for _, reached := range w.atTip {
		if !reached {
			return false
		}
	}
	return true
}
