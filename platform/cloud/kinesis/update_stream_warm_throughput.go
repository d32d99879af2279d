package kinesis

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// UpdateStreamWarmThroughput is refused, as AWS refuses it to accounts without
// On-demand Advantage: no account here can have that.
// Ignored: StreamId, which AWS reserves.
// Limits: 5 calls/s; the stream must be on-demand.

// UpdateStreamWarmThroughputInput is what UpdateStreamWarmThroughput takes.
type UpdateStreamWarmThroughputInput struct {
	StreamRef
	WarmThroughputMiBps *int
}

// Validate reports every violated constraint.
func (in *UpdateStreamWarmThroughputInput) Validate() error {
	var v wire.Violations
	if required(&v, "warmThroughputMiBps", in.WarmThroughputMiBps) {
		checkLeast(&v, "warmThroughputMiBps", in.WarmThroughputMiBps, 0)
	}
	in.check(&v)
	return v.Err()
}

func (s *Service) updateStreamWarmThroughput(_ context.Context, _ *wire.Call, in *UpdateStreamWarmThroughputInput) (any, error) {
	st, err := s.stream(in.StreamRef)
	if err != nil {
		return nil, err
	}
	st.mu.RLock()
	defer st.mu.RUnlock()
	return nil, s.errWarmThroughput(st.Mode == modeOnDemand)
}
