package kinesis

import (
	"context"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// DecreaseStreamRetentionPeriod keeps records shorter once the stream is
// ACTIVE again after the status delay; what is older is then gone for good.
// Ignored: StreamId, which AWS reserves.
// Limits: 5 calls/s; strictly less than now, at least 24 hours.

func (s *Service) decreaseStreamRetentionPeriod(_ context.Context, _ *wire.Call, in *RetentionInput) (any, error) {
	return nil, s.setRetention(in, func(st *stream, wanted time.Duration) error {
		if wanted >= st.Retention {
			return wire.Errorf(codeInvalidArgument, "Requested retention period (%d hours) for stream %s can not be longer than existing retention period (%d hours). Use IncreaseRetentionPeriod API.",
				hours(wanted), st.name, hours(st.Retention))
		}
		return nil
	})
}
