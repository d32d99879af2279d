package kinesis

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// DeleteStream makes a stream DELETING and, after the status delay, gone with
// its records; until then reads and writes still work. A stream can be deleted
// while CREATING. Deleting one that is DELETING already succeeds.
// Ignored: nothing.
// Limits: 5 calls/s; with registered consumers EnforceConsumerDeletion is needed.

// DeleteStreamInput is what DeleteStream takes.
type DeleteStreamInput struct {
	StreamRef
	EnforceConsumerDeletion *bool
}

// Validate reports every violated constraint.
func (in *DeleteStreamInput) Validate() error {
	var v wire.Violations
	in.check(&v)
	return v.Err()
}

func (s *Service) deleteStream(_ context.Context, _ *wire.Call, in *DeleteStreamInput) (any, error) {
	st, err := s.stream(in.StreamRef)
	if err != nil {
		return nil, err
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if len(st.consumers) > 0 && !isTrue(in.EnforceConsumerDeletion) {
		return nil, wire.Errorf(codeInUse, "Stream %s under account %s has %d registered consumers; deregister them or set EnforceConsumerDeletion.",
			st.name, s.cfg.Account, len(st.consumers))
	}
	if st.status == statusDeleting {
		return nil, nil
	}
	s.begin(st, statusDeleting, s.now(), change{})
	return nil, nil
}
