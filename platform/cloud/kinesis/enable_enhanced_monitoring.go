package kinesis

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// EnableEnhancedMonitoring switches shard-level metrics on, or all with ALL. The
// stream is UPDATING for the status delay.
// Ignored: StreamId, which AWS reserves.
// Limits: 5 calls/s.

func (s *Service) enableEnhancedMonitoring(_ context.Context, _ *wire.Call, in *MonitoringInput) (*MonitoringOutput, error) {
	return s.setMonitoring(in, true)
}
