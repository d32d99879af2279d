package kinesis

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// AddTagsToStream sets tags of a stream, replacing values of keys it has.
// Policies cannot refer to tags here.
// Ignored: StreamId, which AWS reserves.
// Limits: 5 calls/s, 50 tags per stream.

// AddTagsToStreamInput is what AddTagsToStream takes.
type AddTagsToStreamInput struct {
	StreamRef
	Tags map[string]string
}

// Validate reports every violated constraint.
func (in *AddTagsToStreamInput) Validate() error {
	var v wire.Violations
	requireTags(&v, in.Tags)
	in.check(&v)
	return v.Err()
}

func (s *Service) addTagsToStream(_ context.Context, _ *wire.Call, in *AddTagsToStreamInput) (any, error) {
	st, err := s.stream(in.StreamRef)
	if err != nil {
		return nil, err
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	tags, err := s.addTags("stream "+st.name, st.tags, in.Tags)
	if err != nil {
		return nil, err
	}
	st.tags = tags
	st.keep()
	return nil, nil
}
