package kinesis

import (
	"context"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// DescribeStream shows a stream with a page of its shards. While CREATING it
// has none yet.
// Ignored: StreamId, which AWS reserves.
// Limits: 10 calls/s per account; a page never holds more than 100 shards,
// whatever Limit says.

// DescribeStreamInput is what DescribeStream takes.
type DescribeStreamInput struct {
	StreamRef
	Limit                 *int
	ExclusiveStartShardID *string `json:"ExclusiveStartShardId"`
}

// DescribeStreamOutput carries the description.
type DescribeStreamOutput struct{ StreamDescription StreamDescription }

// StreamDescription is a stream with a page of its shards.
type StreamDescription struct {
	StreamName              string
	StreamARN               string
	StreamStatus            string
	StreamModeDetails       StreamModeDetails
	Shards                  []Shard
	HasMoreShards           bool
	RetentionPeriodHours    int
	StreamCreationTimestamp wire.Timestamp
	EnhancedMonitoring      []EnhancedMetrics
	EncryptionType          string
	KeyID                   *string `json:"KeyId,omitempty"`
}

// EnhancedMetrics are the shard-level metrics that are switched on.
type EnhancedMetrics struct{ ShardLevelMetrics []string }

const describeShardsMax = 100

// Validate reports every violated constraint.
func (in *DescribeStreamInput) Validate() error {
	var v wire.Violations
	checkLimit(&v, "limit", in.Limit, 1, 10_000)
	checkName(&v, "exclusiveStartShardId", in.ExclusiveStartShardID)
	in.check(&v)
	return v.Err()
}

func (s *Service) describeStream(_ context.Context, _ *wire.Call, in *DescribeStreamInput) (*DescribeStreamOutput, error) {
	st, err := s.stream(in.StreamRef)
	if err != nil {
		return nil, err
	}
	limit := describeShardsMax
	if in.Limit != nil {
		limit = min(limit, *in.Limit)
	}
	st.trim(s.now())
	st.mu.RLock()
	defer st.mu.RUnlock()
	d := StreamDescription{
		StreamName:              st.name,
		StreamARN:               st.arn,
		StreamStatus:            st.status,
		StreamModeDetails:       StreamModeDetails{StreamMode: st.Mode},
		Shards:                  []Shard{},
		RetentionPeriodHours:    hours(st.Retention),
		StreamCreationTimestamp: wire.Timestamp{Time: st.created},
		EnhancedMonitoring:      st.monitoring(),
	}
	d.EncryptionType, d.KeyID = st.encryption()
	shards := st.shards
	if in.ExclusiveStartShardID != nil {
		if shards, err = s.shardsAfter(st, *in.ExclusiveStartShardID); err != nil {
			return nil, err
		}
	}
	for _, sh := range shards[:min(limit, len(shards))] {
		d.Shards = append(d.Shards, sh.describe())
	}
	d.HasMoreShards = len(shards) > limit
	return &DescribeStreamOutput{d}, nil
}

// shardsAfter are the listed shards with a higher id; the caller holds st.mu.
func (s *Service) shardsAfter(st *stream, id string) ([]*shard, error) {
	after, ok := parseShardID(id)
	if !ok {
		return nil, wire.Errorf(codeNotFound, "Could not find shard %s in stream %s under account %s.", id, st.name, s.cfg.Account)
	}
	for i, sh := range st.shards {
		if sh.index > after {
			return st.shards[i:], nil
		}
	}
	return nil, nil
}

func hours(d time.Duration) int { return int(d / time.Hour) }
