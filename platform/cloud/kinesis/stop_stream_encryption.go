package kinesis

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// StopStreamEncryption leaves the records put from the end of UPDATING on
// unencrypted; older records stay as they are. Stopping what is not encrypted
// succeeds (unverified on AWS).
// Ignored: StreamId, which AWS reserves, and which key KeyId names: its form is
// checked.
// Limits: 25 per stream and rolling 24 hours.

func (s *Service) stopStreamEncryption(_ context.Context, _ *wire.Call, in *EncryptionInput) (any, error) {
	return nil, s.setEncryption(in, "", func(st *stream) *rolling { return &st.encryptionStops })
}
