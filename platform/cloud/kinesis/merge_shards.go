package kinesis

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// MergeShards joins two open shards whose hash ranges touch, the lower first:
// the other way round they are no pair, as seen of AWS.
// The stream is UPDATING, with reads and writes going on, until the status
// delay passed; then both close and their child opens in one step.
// Ignored: StreamId, which AWS reserves.
// Limits: 5 calls/s; the stream must be ACTIVE and provisioned.

// MergeShardsInput is what MergeShards takes.
type MergeShardsInput struct {
	StreamRef
	ShardToMerge         *string
	AdjacentShardToMerge *string
}

// Validate reports every violated constraint.
func (in *MergeShardsInput) Validate() error {
	var v wire.Violations
	requireName(&v, "shardToMerge", in.ShardToMerge)
	requireName(&v, "adjacentShardToMerge", in.AdjacentShardToMerge)
	in.check(&v)
	return v.Err()
}

func (s *Service) mergeShards(_ context.Context, _ *wire.Call, in *MergeShardsInput) (any, error) {
	st, err := s.streamOfShards(in.StreamRef, *in.ShardToMerge, *in.AdjacentShardToMerge)
	if err != nil {
		return nil, err
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.Mode == modeOnDemand {
		return nil, s.errOnDemand(st)
	}
	first, err := s.openShard(st, *in.ShardToMerge)
	if err != nil {
		return nil, err
	}
	second, err := s.openShard(st, *in.AdjacentShardToMerge)
	if err != nil {
		return nil, err
	}
	if _, ok := join(first.keys, second.keys); !ok {
		return nil, wire.Errorf(codeInvalidArgument,
			"Shards %s and %s in stream %s under account %s are not an adjacent pair of shards eligible for merging",
			first.id, second.id, st.name, s.cfg.Account)
	}
	s.update(st, s.now(), change{Merge: []uint32{first.index, second.index}})
	return nil, nil
}

// join unites two ranges where b begins right after a.
func join(a, b hashRange) (hashRange, bool) {
	touch := a.end != maxHashKey() && a.end.add(1) == b.start
	return hashRange{start: a.start, end: b.end}, touch
}
