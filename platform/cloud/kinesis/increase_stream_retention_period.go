package kinesis

import (
	"context"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// IncreaseStreamRetentionPeriod keeps records longer, at once (AWS shows
// UPDATING for a moment). What has expired does not come back.
// Ignored: StreamId, which AWS reserves.
// Limits: 5 calls/s; strictly more than now, at most 8,760 hours.

func (s *Service) increaseStreamRetentionPeriod(_ context.Context, _ *wire.Call, in *RetentionInput) (any, error) {
	return nil, s.setRetention(in, func(st *stream, wanted time.Duration) error {
		if wanted <= st.Retention {
			return wire.Errorf(codeInvalidArgument, "Requested retention period (%d hours) for stream %s can not be shorter than existing retention period (%d hours). Use DecreaseRetentionPeriod API.",
				hours(wanted), st.name, hours(st.Retention))
		}
		return nil
	})
}
