package kinesis

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// StartStreamEncryption encrypts the records put from the end of UPDATING on
// with a KMS key, or with another one; older records stay as they are. Replies
// and descriptions say KMS from then on.
// Not here: KMS itself. Every well-formed key of the region exists and may be
// used, and what is held in memory or spilled from it lies there in the clear.
// Ignored: StreamId, which AWS reserves.
// Limits: 25 per stream and rolling 24 hours.

func (s *Service) startStreamEncryption(_ context.Context, _ *wire.Call, in *EncryptionInput) (any, error) {
	return nil, s.setEncryption(in, *in.KeyID, func(st *stream) *rolling { return &st.encryptionStarts })
}
