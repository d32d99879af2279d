package kinesis

import (
	"context"
	"maps"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// CreateStream makes a provisioned stream: CREATING at once, ACTIVE with its
// shards after the status delay.
// Not here: on-demand mode and warm throughput, which are refused by name.
// Limits: 5 calls/s, 5 streams CREATING at once, the account's shard quota,
// 1024–10240 KiB per record, 50 tags.

// CreateStreamInput is what CreateStream takes.
type CreateStreamInput struct {
	StreamName                 *string
	ShardCount                 *int
	StreamModeDetails          *StreamModeDetails
	Tags                       map[string]string
	MaxRecordSizeInKiB         *int
	WarmThroughputMiBps        *int
	RecordDistributionStrategy *string
}

func (in *CreateStreamInput) ref() StreamRef { return StreamRef{StreamName: in.StreamName} }

// Validate reports every violated constraint.
func (in *CreateStreamInput) Validate() error {
	var v wire.Violations
	checkLimit(&v, "shardCount", in.ShardCount, 1, 100_000)
	requireName(&v, "streamName", in.StreamName)
	if in.StreamModeDetails != nil {
		checkEnum(&v, "streamModeDetails.streamMode", &in.StreamModeDetails.StreamMode, "PROVISIONED", "ON_DEMAND")
	}
	checkTags(&v, in.Tags, 200)
	checkLimit(&v, "maxRecordSizeInKiB", in.MaxRecordSizeInKiB, recordKiBDefault, recordKiBMax)
	checkEnum(&v, "recordDistributionStrategy", in.RecordDistributionStrategy, "AUTO", "USER_PARTITION_KEY")
	return v.Err()
}

const (
	creatingMax   = 5
	streamTagsMax = 50
)

func (s *Service) createStream(_ context.Context, _ *wire.Call, in *CreateStreamInput) (any, error) {
	switch {
	case in.StreamModeDetails != nil && in.StreamModeDetails.StreamMode == "ON_DEMAND":
		return nil, wire.NotImplemented("on-demand streams")
	case in.WarmThroughputMiBps != nil:
		return nil, wire.NotImplemented("warm throughput")
	case deref(in.RecordDistributionStrategy) == "AUTO":
		return nil, wire.Errorf(codeInvalidArgument, "RecordDistributionStrategy AUTO needs an on-demand stream.")
	case in.ShardCount == nil:
		return nil, wire.Errorf(codeValidation, "ShardCount must be given for a stream in PROVISIONED mode.")
	case len(in.Tags) > streamTagsMax:
		return nil, wire.Errorf(codeInvalidArgument, "A stream can have at most %d tags.", streamTagsMax)
	}
	now := s.now()
	if st, err := s.streamNamed(*in.StreamName); err == nil {
		return nil, s.errExists(st.name)
	}
	if err := s.checkCreateLimits(now, *in.ShardCount); err != nil {
		return nil, err
	}
	st := s.newStream(in, now)

	s.mu.Lock()
	if _, exists := s.streams[st.name]; exists { // another caller was faster
		s.mu.Unlock()
		return nil, s.errExists(st.name)
	}
	s.births++
	st.birth = s.births
	s.streams[st.name] = st
	s.mu.Unlock()
	s.wakeRun()
	return nil, nil
}

func (s *Service) newStream(in *CreateStreamInput, now time.Time) *stream {
	st := &stream{
		name:      *in.StreamName,
		arn:       s.streamARN(*in.StreamName),
		created:   now.Truncate(time.Millisecond),
		gone:      make(chan struct{}),
		retention: retentionDefault,
		recordKiB: recordKiBDefault,
		epochs:    make(map[string]int64),
		tags:      maps.Clone(in.Tags),
	}
	if in.MaxRecordSizeInKiB != nil {
		st.recordKiB = *in.MaxRecordSizeInKiB
	}
	if !s.cfg.QuotasOff {
		st.listCalls = newBucket(listShardsPerSecond)
	}
	shards := *in.ShardCount
	st.begin(statusCreating, now.Add(s.cfg.StatusDelay), func(now time.Time) {
		st.opened = now
		for _, keys := range evenRanges(shards) {
			s.addShard(st, now, keys)
		}
	})
	return st
}

func (s *Service) errExists(name string) error {
	return wire.Errorf(codeInUse, "Stream %s under account %s already exists.", name, s.cfg.Account)
}

func (s *Service) checkCreateLimits(now time.Time, more int) error {
	if s.cfg.QuotasOff {
		return nil
	}
	creating := 0
	for _, st := range s.allStreams(now) {
		st.mu.RLock()
		if st.status == statusCreating {
			creating++
		}
		st.mu.RUnlock()
	}
	if creating >= creatingMax {
		return wire.Errorf(codeLimit, "At most %d streams of account %s can be in state CREATING.", creatingMax, s.cfg.Account)
	}
	return s.checkShardLimit(now, more)
}

// checkShardLimit refuses to open more shards than the account's quota.
func (s *Service) checkShardLimit(now time.Time, more int) error {
	if s.cfg.QuotasOff {
		return nil
	}
	quota := 1000
	switch s.cfg.Region {
	case "us-east-1", "us-west-2", "eu-west-1":
		quota = 20_000
	}
	open := 0
	for _, st := range s.allStreams(now) {
		st.mu.RLock()
		open += len(st.open)
		st.mu.RUnlock()
	}
	if open+more <= quota {
		return nil
	}
	return wire.Errorf(codeLimit, "This request would exceed the shard limit for the account %s in %s. "+
		"Current shard count for the account: %d. Limit: %d. "+
		"Number of additional shards that would have resulted from this request: %d.",
		s.cfg.Account, s.cfg.Region, open, quota, more)
}

// allStreams are the streams that exist now, in no order.
func (s *Service) allStreams(now time.Time) []*stream {
	s.mu.RLock()
	list := make([]*stream, 0, len(s.streams))
	for _, st := range s.streams {
		list = append(list, st)
	}
	s.mu.RUnlock()
	kept := list[:0]
	for _, st := range list {
		if !s.settle(st, now) {
			kept = append(kept, st)
		}
	}
	return kept
}
