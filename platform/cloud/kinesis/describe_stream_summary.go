package kinesis

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// DescribeStreamSummary shows a stream without its shards.
// Ignored: StreamId, which AWS reserves.
// Limits: 20 calls/s per account.

// DescribeStreamSummaryInput is what DescribeStreamSummary takes.
type DescribeStreamSummaryInput struct{ StreamRef }

// DescribeStreamSummaryOutput carries the summary.
type DescribeStreamSummaryOutput struct {
	StreamDescriptionSummary StreamDescriptionSummary
}

// StreamDescriptionSummary is a stream without its shards.
type StreamDescriptionSummary struct {
	StreamName              string
	StreamARN               string
	StreamStatus            string
	StreamModeDetails       StreamModeDetails
	RetentionPeriodHours    int
	StreamCreationTimestamp wire.Timestamp
	EnhancedMonitoring      []EnhancedMetrics
	EncryptionType          string
	KeyID                   *string `json:"KeyId,omitempty"`
	OpenShardCount          int
	ConsumerCount           int
	MaxRecordSizeInKiB      int
	// RecordDistributionStrategy is there for on-demand streams alone.
	RecordDistributionStrategy string `json:",omitempty"`
}

// Validate reports every violated constraint.
func (in *DescribeStreamSummaryInput) Validate() error {
	var v wire.Violations
	in.check(&v)
	return v.Err()
}

func (s *Service) describeStreamSummary(_ context.Context, _ *wire.Call, in *DescribeStreamSummaryInput) (*DescribeStreamSummaryOutput, error) {
	st, err := s.stream(in.StreamRef)
	if err != nil {
		return nil, err
	}
	st.mu.RLock()
	defer st.mu.RUnlock()
	d := StreamDescriptionSummary{
		StreamName:              st.name,
		StreamARN:               st.arn,
		StreamStatus:            st.status,
		StreamModeDetails:       StreamModeDetails{StreamMode: st.Mode},
		RetentionPeriodHours:    hours(st.Retention),
		StreamCreationTimestamp: wire.Timestamp{Time: st.created},
		EnhancedMonitoring:      st.monitoring(),
		OpenShardCount:          len(st.open),
		ConsumerCount:           len(st.consumers),
		MaxRecordSizeInKiB:      st.RecordKiB,
	}
	d.EncryptionType, d.KeyID = st.encryption()
	if st.Mode == modeOnDemand {
		d.RecordDistributionStrategy = st.Strategy
	}
	return &DescribeStreamSummaryOutput{d}, nil
}
