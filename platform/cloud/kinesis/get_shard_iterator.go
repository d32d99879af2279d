package kinesis

import (
	"context"
	"errors"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// GetShardIterator returns where in a shard to start reading. The iterator
// carries its position itself: it stays valid for 5 minutes, may be used any
// number of times, and dies with its stream.
// Ignored: StreamId, which AWS reserves.
// Limits: 5 calls/s per shard.

// GetShardIteratorInput is what GetShardIterator takes.
type GetShardIteratorInput struct {
	StreamRef
	ShardID                *string `json:"ShardId"`
	ShardIteratorType      *string
	StartingSequenceNumber *string
	Timestamp              *wire.Timestamp
	DryRun                 *bool
}

// GetShardIteratorOutput carries the iterator.
type GetShardIteratorOutput struct{ ShardIterator string }

// The ways to name a position in a shard.
const (
	atSequence    = "AT_SEQUENCE_NUMBER"
	afterSequence = "AFTER_SEQUENCE_NUMBER"
	atTimestamp   = "AT_TIMESTAMP"
	trimHorizon   = "TRIM_HORIZON"
	latest        = "LATEST"
)

func checkIteratorType(v *wire.Violations, path string, value *string) {
	if required(v, path, value) {
		checkEnum(v, path, value, afterSequence, latest, atTimestamp, atSequence, trimHorizon)
	}
}

// Validate reports every violated constraint.
func (in *GetShardIteratorInput) Validate() error {
	var v wire.Violations
	requireName(&v, "shardId", in.ShardID)
	checkIteratorType(&v, "shardIteratorType", in.ShardIteratorType)
	checkNumber(&v, "startingSequenceNumber", in.StartingSequenceNumber, sequenceDigits)
	in.check(&v)
	return v.Err()
}

func (s *Service) getShardIterator(_ context.Context, _ *wire.Call, in *GetShardIteratorInput) (*GetShardIteratorOutput, error) {
	st, err := s.stream(in.StreamRef)
	if err != nil {
		return nil, s.errNoStreamOfShard(in.StreamRef, *in.ShardID, err)
	}
	st.mu.RLock()
	defer st.mu.RUnlock()
	sh, err := s.findShard(st, *in.ShardID)
	if err != nil {
		return nil, err
	}
	now := s.now()
	start := startingPosition{
		kind: *in.ShardIteratorType, sequence: in.StartingSequenceNumber,
		operation: "GetShardIterator",
	}
	if in.Timestamp != nil {
		start.timestamp = &in.Timestamp.Time
	}
	counter, err := s.resolvePosition(st, sh, now, start)
	if err != nil {
		return nil, err
	}
	sh.mu.Lock()
	allowed := sh.iterations.take(now, 1)
	sh.mu.Unlock()
	if !allowed {
		return nil, s.errShardRate(sh.id, st.name)
	}
	if isTrue(in.DryRun) {
		return nil, errDryRun()
	}
	return &GetShardIteratorOutput{ShardIterator: s.iterator(st, sh, now, counter)}, nil
}

func (s *Service) iterator(st *stream, sh *shard, now time.Time, counter uint64) string {
	return s.sealer.seal(token{
		kind: iteratorToken, issued: now, stream: st.name, birth: st.birth, shard: sh.index, position: counter,
	})
}

// errNoStreamOfShard is how AWS answers for a shard of a stream that does not
// exist: it misses the shard.
func (s *Service) errNoStreamOfShard(r StreamRef, id string, err error) error {
	var missing *wire.Error
	if r.StreamARN != nil || !errors.As(err, &missing) || missing.Code != codeNotFound {
		return err
	}
	index, ok := parseShardID(id)
	if !ok {
		return wire.Errorf(codeNotFound, "Could not find shard %s in stream %s under account %s.", id, *r.StreamName, s.cfg.Account)
	}
	return s.errNoShard(shardID(index), *r.StreamName)
}

// findShard resolves a shard id leniently; the caller holds st.mu.
func (s *Service) findShard(st *stream, id string) (*shard, error) {
	index, ok := parseShardID(id)
	if !ok {
		return nil, wire.Errorf(codeNotFound, "Could not find shard %s in stream %s under account %s.", id, st.name, s.cfg.Account)
	}
	if sh := st.shard(index); sh != nil {
		return sh, nil
	}
	return nil, s.errNoShard(shardID(index), st.name)
}
