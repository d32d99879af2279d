package kinesis

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// SplitShard divides an open shard in two at a hash key. The stream is
// UPDATING, with reads and writes going on, until the status delay passed;
// then the parent closes and its children open in one step.
// Ignored: StreamId, which AWS reserves.
// Limits: 5 calls/s; the account's shard quota; the stream must be
// ACTIVE and provisioned.

// SplitShardInput is what SplitShard takes.
type SplitShardInput struct {
	StreamRef
	ShardToSplit       *string
	NewStartingHashKey *string
}

// Validate reports every violated constraint.
func (in *SplitShardInput) Validate() error {
	var v wire.Violations
	if required(&v, "newStartingHashKey", in.NewStartingHashKey) {
		checkNumber(&v, "newStartingHashKey", in.NewStartingHashKey, hashKeyDigits)
	}
	requireName(&v, "shardToSplit", in.ShardToSplit)
	in.check(&v)
	return v.Err()
}

func (s *Service) splitShard(_ context.Context, _ *wire.Call, in *SplitShardInput) (any, error) {
	st, err := s.streamOfShards(in.StreamRef, *in.ShardToSplit)
	if err != nil {
		return nil, err
	}
	open := s.provisionedShards(s.now(), nil)
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.Mode == modeOnDemand {
		return nil, s.errOnDemand(st)
	}
	if err := s.checkQuota(open, 1); err != nil {
		return nil, err
	}
	parent, err := s.openShard(st, *in.ShardToSplit)
	if err != nil {
		return nil, err
	}
	at, ok := parseHashKey(*in.NewStartingHashKey)
	if !ok || at.compare(parent.keys.start.add(1)) <= 0 || at.compare(parent.keys.end) >= 0 ||
		parent.keys.end == parent.keys.start {
		return nil, wire.Errorf(codeInvalidArgument,
			"NewStartingHashKey %s used in SplitShard() on shard %s in stream %s under account %s is not both greater than one plus the shard's StartingHashKey %s and less than the shard's EndingHashKey %s.",
			*in.NewStartingHashKey, parent.id, st.name, s.cfg.Account, parent.keys.start, parent.keys.end)
	}
	if st.status != statusActive {
		return nil, s.errNotActive(st)
	}
	s.update(st, s.now(), change{Splits: []splitAt{{parent.index, at}}})
	return nil, nil
}

// streamOfShards finds a stream after a look at the ids of its shards: AWS
// answers for an id that is none before it misses the stream.
func (s *Service) streamOfShards(r StreamRef, ids ...string) (*stream, error) {
	for _, id := range ids {
		if _, ok := parseShardID(id); !ok && r.StreamName != nil {
			return nil, wire.Errorf(codeNotFound, "Could not find shard %s in stream %s under account %s.", id, *r.StreamName, s.cfg.Account)
		}
	}
	return s.stream(r)
}

// openShard finds a shard that can be resharded; the caller holds st.mu.
func (s *Service) openShard(st *stream, id string) (*shard, error) {
	if st.status != statusActive {
		return nil, s.errNotActive(st)
	}
	index, ok := parseShardID(id)
	if !ok {
		return nil, wire.Errorf(codeNotFound, "Could not find shard %s in stream %s under account %s.", id, st.name, s.cfg.Account)
	}
	sh := st.shard(index)
	if sh == nil {
		return nil, wire.Errorf(codeNotFound, "Could not find shard %s in stream %s under account %s.", shardID(index), st.name, s.cfg.Account)
	}
	if sh.isClosed() {
		return nil, wire.Errorf(codeInvalidArgument, "Shard %s in stream %s under account %s is not open.", sh.id, st.name, s.cfg.Account)
	}
	return sh, nil
}
