package kinesis

import (
	"context"
	"encoding/binary"
	"maps"
	"time"

	"github.com/weirstream/weir/platform/cloud/store"
	"github.com/weirstream/weir/platform/cloud/wire"
)

// CreateStream makes a stream: CREATING at once, ACTIVE with its shards after
// the status delay; an on-demand one begins with 4.
// WarmThroughputMiBps needs On-demand Advantage, which no account here has.
// Limits: 5 calls/s, 5 streams CREATING at once, the account's quotas of shards
// and of on-demand streams, 1024–10240 KiB per record, 50 tags.

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
		checkEnum(&v, "streamModeDetails.streamMode", &in.StreamModeDetails.StreamMode, modeProvisioned, modeOnDemand)
	}
	checkTags(&v, in.Tags)
	checkLimit(&v, "maxRecordSizeInKiB", in.MaxRecordSizeInKiB, recordKiBDefault, recordKiBMax)
	checkLeast(&v, "warmThroughputMiBps", in.WarmThroughputMiBps, 0)
	checkEnum(&v, "recordDistributionStrategy", in.RecordDistributionStrategy, strategyAuto, strategyKey)
	return v.Err()
}

const creatingMax = 5

// mode is the capacity mode asked for.
func (in *CreateStreamInput) mode() string {
	if in.StreamModeDetails == nil {
		return modeProvisioned
	}
	return in.StreamModeDetails.StreamMode
}

// shards is how many shards the stream begins with.
func (in *CreateStreamInput) shards() int {
	if in.mode() == modeOnDemand {
		return onDemandShards
	}
	return *in.ShardCount
}

// checkCapacity refuses what the mode asked for does not have.
func (s *Service) checkCapacity(in *CreateStreamInput) error {
	onDemand := in.mode() == modeOnDemand
	switch {
	case in.WarmThroughputMiBps != nil:
		return s.errWarmThroughput(onDemand)
	case onDemand && in.ShardCount != nil:
		return wire.Errorf(codeValidation, "ShardCount is not expected when StreamMode=ON_DEMAND")
	case !onDemand && in.RecordDistributionStrategy != nil:
		return errStrategyMode()
	case !onDemand && in.ShardCount == nil:
		return wire.Errorf(codeValidation, "ShardCount must be given for a stream in PROVISIONED mode.")
	}
	return nil
}

func (s *Service) createStream(_ context.Context, _ *wire.Call, in *CreateStreamInput) (any, error) {
	if err := s.checkCapacity(in); err != nil {
		return nil, err
	}
	if _, err := s.addTags("stream "+*in.StreamName, nil, in.Tags); err != nil {
		return nil, err
	}
	now := s.now()
	if st, err := s.streamNamed(*in.StreamName); err == nil {
		return nil, s.errExists(st.name)
	}
	if err := s.checkCreateLimits(now, in); err != nil {
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
	s.cfg.Data.Stage(func(to *store.Changes) {
		to.Put([]byte(birthsName), binary.BigEndian.AppendUint64(nil, s.births))
	})
	st.mu.Lock()
	s.begin(st, statusCreating, now, change{Open: in.shards()})
	st.mu.Unlock()
	s.streams[st.name] = st
	s.mu.Unlock()
	return nil, nil
}

func (s *Service) newStream(in *CreateStreamInput, now time.Time) *stream {
	st := &stream{
		name:     *in.StreamName,
		arn:      s.streamARN(*in.StreamName),
		data:     s.cfg.Data,
		created:  now.Truncate(time.Millisecond),
		settings: settings{Mode: in.mode(), Strategy: strategyKey, Retention: retentionDefault, RecordKiB: recordKiBDefault},
		gone:     make(chan struct{}),
		epochs:   make(map[string]int64),
		tags:     maps.Clone(in.Tags),
	}
	if in.MaxRecordSizeInKiB != nil {
		st.RecordKiB = *in.MaxRecordSizeInKiB
	}
	if in.RecordDistributionStrategy != nil {
		st.Strategy = *in.RecordDistributionStrategy
	}
	if !s.cfg.QuotasOff {
		st.listCalls = newBucket(listShardsPerSecond)
	}
	return st
}

func (s *Service) errExists(name string) error {
	return wire.Errorf(codeInUse, "Stream %s under account %s already exists.", name, s.cfg.Account)
}

func (s *Service) checkCreateLimits(now time.Time, in *CreateStreamInput) error {
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
	if in.mode() == modeOnDemand {
		return s.checkOnDemandQuota(now)
	}
	return s.checkQuota(s.provisionedShards(now, nil), *in.ShardCount)
}

// shardQuota is how many open shards the provisioned streams of an account may have.
func (s *Service) shardQuota() int {
	switch s.cfg.Region {
	case "us-east-1", "us-west-2", "eu-west-1":
		return 20_000
	}
	return 1000
}

// provisionedShards are the open shards that count against the quota, but for
// those of one stream.
func (s *Service) provisionedShards(now time.Time, except *stream) int {
	open := 0
	for _, st := range s.allStreams(now) {
		if st == except {
			continue
		}
		st.mu.RLock()
		if st.Mode == modeProvisioned {
			open += len(st.open)
		}
		st.mu.RUnlock()
	}
	return open
}

// checkQuota refuses to open more shards than the account's quota.
func (s *Service) checkQuota(open, more int) error {
	if quota := s.shardQuota(); !s.cfg.QuotasOff && more > 0 && open+more > quota {
		return wire.Errorf(codeLimit, "This request would exceed the shard limit for the account %s in %s. "+
			"Current shard count for the account: %d. Limit: %d. "+
			"Number of additional shards that would have resulted from this request: %d. "+
			"Refer to the AWS Service Limits page (http://docs.aws.amazon.com/general/latest/gr/aws_service_limits.html) for current limits and how to request higher limits.",
			s.cfg.Account, s.cfg.Region, open, quota, more)
	}
	return nil
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
