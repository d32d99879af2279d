package kinesis

import (
	"fmt"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// startingPosition is where a caller asks to start reading a shard.
type startingPosition struct {
	kind      string
	sequence  *string
	timestamp *time.Time
	operation string // names the call in messages
}

// resolvePosition turns a starting position into the counter of the first
// record to read, or says what is wrong with it. The caller holds st.mu.
func (s *Service) resolvePosition(st *stream, sh *shard, now time.Time, start startingPosition) (uint64, error) {
	switch start.kind {
	case atSequence, afterSequence:
		return s.resolveSequence(st, sh, start)
	case atTimestamp:
		if start.timestamp == nil {
			return 0, wire.Errorf(codeInvalidArgument, "Must specify timestampInMillis parameter for iterator of type AT_TIMESTAMP. Current request has no timestamp parameter.")
		}
		if start.timestamp.After(now) {
			return 0, wire.Errorf(codeInvalidArgument, "The timestampInMillis parameter cannot be greater than the currentTimestampInMillis. timestampInMillis: %d, currentTimestampInMillis: %d",
				start.timestamp.UnixMilli(), now.UnixMilli())
		}
	}
	if start.sequence != nil {
		return 0, errSequenceArgument(start.kind, "also a")
	}
	if start.kind == atTimestamp {
		defer s.residency.relieve()
		return sh.seekTime(st.horizon(now), *start.timestamp)
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.log.trim(st.horizon(now))
	if start.kind == latest {
		return sh.log.next, nil
	}
	return sh.log.first, nil
}

// resolveSequence checks that a number came from this very shard. "0" means
// the shard's start (unverified on AWS, but its clients and suites use it).
func (s *Service) resolveSequence(st *stream, sh *shard, start startingPosition) (uint64, error) {
	if start.sequence == nil {
		return 0, errSequenceArgument(start.kind, "no")
	}
	if *start.sequence == "0" {
		return 1, nil
	}
	if old, ok := parseShardID(*start.sequence); ok && old != sh.index { // the oldest layout: nothing but the shard
		return 0, errSequenceShard(old, sh)
	}
	seq, err := parseSequence(*start.sequence)
	if err != nil {
		return 0, wire.Errorf(codeInvalidArgument, "StartingSequenceNumber %s used in %s on shard %s in stream %s under account %s is invalid.",
			*start.sequence, start.operation, sh.id, st.name, s.cfg.Account)
	}
	if seq.shard != sh.index {
		return 0, errSequenceShard(seq.shard, sh)
	}
	if seq.createdSecond != sh.createdSecond {
		return 0, wire.Errorf(codeInvalidArgument, "StartingSequenceNumber %s used in %s on shard %s in stream %s under account %s is invalid because it did not come from this stream.",
			*start.sequence, start.operation, sh.id, st.name, s.cfg.Account)
	}
	if start.kind == afterSequence {
		return seq.counter + 1, nil
	}
	return max(1, seq.counter), nil
}

func errSequenceArgument(kind, has string) error {
	return wire.Errorf(codeInvalidArgument, "Must either specify (1) AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER and StartingSequenceNumber or "+
		"(2) TRIM_HORIZON or LATEST and no StartingSequenceNumber. Request specified %s and %s StartingSequenceNumber.", kind, has)
}

func errSequenceShard(encoded uint32, sh *shard) error {
	return wire.Errorf(codeInvalidArgument, "Invalid StartingSequenceNumber. It encodes %s, while it was used in a call to a shard with %s",
		fmt.Sprintf("shardId-%012d", int32(encoded)), sh.id) // AWS reads the index as signed
}
