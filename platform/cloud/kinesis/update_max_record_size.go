package kinesis

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// UpdateMaxRecordSize sets how large a record the stream takes; those stored
// stay readable. The stream is UPDATING for the status delay.
// Ignored: StreamId, which AWS reserves.
// Limits: 5 calls/s (unverified), 1024–10240 KiB.

// UpdateMaxRecordSizeInput is what UpdateMaxRecordSize takes.
type UpdateMaxRecordSizeInput struct {
	StreamARN          *string
	StreamID           *string `json:"StreamId"`
	MaxRecordSizeInKiB *int
}

func (in *UpdateMaxRecordSizeInput) ref() StreamRef {
	return StreamRef{StreamARN: in.StreamARN, StreamID: in.StreamID}
}

// Validate reports every violated constraint.
func (in *UpdateMaxRecordSizeInput) Validate() error {
	var v wire.Violations
	required(&v, "streamARN", in.StreamARN)
	in.ref().checkGiven(&v)
	if required(&v, "maxRecordSizeInKiB", in.MaxRecordSizeInKiB) {
		checkLimit(&v, "maxRecordSizeInKiB", in.MaxRecordSizeInKiB, recordKiBDefault, recordKiBMax)
	}
	return v.Err()
}

func (s *Service) updateMaxRecordSize(_ context.Context, _ *wire.Call, in *UpdateMaxRecordSizeInput) (any, error) {
	st, err := s.stream(in.ref())
	if err != nil {
		return nil, err
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.status != statusActive {
		return nil, s.errNotActive(st)
	}
	s.update(st, s.now(), st.with(func(next *settings) { next.RecordKiB = *in.MaxRecordSizeInKiB }))
	return nil, nil
}
