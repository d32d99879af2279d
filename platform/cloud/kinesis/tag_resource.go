package kinesis

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// TagResource sets tags of a stream or a consumer, replacing values of keys it
// has. Policies cannot refer to tags here.
// Ignored: StreamId, which AWS reserves.
// Limits: 5 calls/s, 50 tags per resource.

// TagResourceInput is what TagResource takes.
type TagResourceInput struct {
	ResourceRef
	Tags map[string]string
}

// Validate reports every violated constraint.
func (in *TagResourceInput) Validate() error {
	var v wire.Violations
	requireTags(&v, in.Tags)
	in.check(&v)
	return v.Err()
}

func (s *Service) tagResource(_ context.Context, _ *wire.Call, in *TagResourceInput) (any, error) {
	r, err := s.tagged(in.ResourceRef)
	if err != nil {
		return nil, err
	}
	r.st.mu.Lock()
	defer r.st.mu.Unlock()
	tags, err := s.addTags(r.what, *r.tags, in.Tags)
	if err != nil {
		return nil, err
	}
	*r.tags = tags
	r.st.keep()
	return nil, nil
}
