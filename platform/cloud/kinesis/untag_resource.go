package kinesis

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// UntagResource removes tags of a stream or a consumer; keys it has not are no
// mistake.
// Ignored: StreamId, which AWS reserves.
// Limits: 5 calls/s, 50 keys per call.

// UntagResourceInput is what UntagResource takes.
type UntagResourceInput struct {
	ResourceRef
	TagKeys []string
}

// Validate reports every violated constraint.
func (in *UntagResourceInput) Validate() error {
	var v wire.Violations
	requireTagKeys(&v, in.TagKeys)
	in.check(&v)
	return v.Err()
}

func (s *Service) untagResource(_ context.Context, _ *wire.Call, in *UntagResourceInput) (any, error) {
	r, err := s.tagged(in.ResourceRef)
	if err != nil {
		return nil, err
	}
	r.st.mu.Lock()
	defer r.st.mu.Unlock()
	defer r.st.keep()
	return nil, s.removeTags(r.what, *r.tags, in.TagKeys)
}
