package kinesis

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// DeregisterStreamConsumer makes a consumer DELETING and, after the status
// delay, gone; its subscriptions then end with ResourceNotFoundException.
// Ignored: StreamId, which AWS reserves.
// Limits: 5 calls/s.

// DeregisterStreamConsumerInput is what DeregisterStreamConsumer takes.
type DeregisterStreamConsumerInput struct{ ConsumerRef }

// Validate reports every violated constraint.
func (in *DeregisterStreamConsumerInput) Validate() error {
	var v wire.Violations
	in.check(&v)
	return v.Err()
}

func (s *Service) deregisterStreamConsumer(_ context.Context, _ *wire.Call, in *DeregisterStreamConsumerInput) (any, error) {
	st, c, err := s.consumer(in.ConsumerRef)
	if err != nil {
		return nil, err
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if c.status == statusDeleting {
		return nil, nil
	}
	c.status, c.settleAt = statusDeleting, s.now().Add(s.cfg.StatusDelay)
	st.updateDue()
	st.keep()
	s.wakeRun()
	return nil, nil
}
