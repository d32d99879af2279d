package kinesis

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// RemoveTagsFromStream removes tags by key; keys without a tag are no error.
// Ignored: StreamId, which AWS reserves.
// Limits: 5 calls/s, 50 keys per call.

// RemoveTagsFromStreamInput is what RemoveTagsFromStream takes.
type RemoveTagsFromStreamInput struct {
	StreamRef
	TagKeys []string
}

// Validate reports every violated constraint.
func (in *RemoveTagsFromStreamInput) Validate() error {
	var v wire.Violations
	requireTagKeys(&v, in.TagKeys)
	in.check(&v)
	return v.Err()
}

func (s *Service) removeTagsFromStream(_ context.Context, _ *wire.Call, in *RemoveTagsFromStreamInput) (any, error) {
	st, err := s.stream(in.StreamRef)
	if err != nil {
		return nil, err
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	defer st.keep()
	return nil, s.removeTags("stream "+st.name, st.tags, in.TagKeys)
}
