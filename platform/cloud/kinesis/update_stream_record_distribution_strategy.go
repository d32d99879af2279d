package kinesis

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// UpdateStreamRecordDistributionStrategy makes an on-demand stream spread new
// records over its shards in turn (AUTO: partition keys may be missing and are
// ignored, as explicit hash keys are) or by their keys (USER_PARTITION_KEY). It
// takes effect at once.
// Ignored: StreamId, which AWS reserves.
// Limits: 5 calls/s (unverified); the stream must be on-demand.

// UpdateStreamRecordDistributionStrategyInput is what
// UpdateStreamRecordDistributionStrategy takes.
type UpdateStreamRecordDistributionStrategyInput struct {
	StreamARN                  *string
	StreamID                   *string `json:"StreamId"`
	RecordDistributionStrategy *string
}

func (in *UpdateStreamRecordDistributionStrategyInput) ref() StreamRef {
	return StreamRef{StreamARN: in.StreamARN, StreamID: in.StreamID}
}

// Validate reports every violated constraint.
func (in *UpdateStreamRecordDistributionStrategyInput) Validate() error {
	var v wire.Violations
	required(&v, "streamARN", in.StreamARN)
	in.ref().checkGiven(&v)
	if required(&v, "recordDistributionStrategy", in.RecordDistributionStrategy) {
		checkEnum(&v, "recordDistributionStrategy", in.RecordDistributionStrategy, strategyAuto, strategyKey)
	}
	return v.Err()
}

func (s *Service) updateStreamRecordDistributionStrategy(_ context.Context, _ *wire.Call, in *UpdateStreamRecordDistributionStrategyInput) (any, error) {
	st, err := s.stream(in.ref())
	if err != nil {
		return nil, err
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.Mode != modeOnDemand {
		return nil, errStrategyMode()
	}
	if st.status != statusActive && st.status != statusUpdating {
		return nil, s.errNotActive(st)
	}
	st.Strategy = *in.RecordDistributionStrategy
	if st.pending.Settings != nil { // a change on its way must not bring the old one back
		st.pending.Settings.Strategy = st.Strategy
	}
	st.keep()
	return nil, nil
}
