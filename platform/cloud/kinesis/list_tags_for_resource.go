package kinesis

import (
	"context"
	"maps"
	"slices"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// ListTagsForResource lists all tags of a stream or a consumer by key.
// Ignored: StreamId, which AWS reserves.
// Limits: 5 calls/s.

// ListTagsForResourceInput is what ListTagsForResource takes.
type ListTagsForResourceInput struct{ ResourceRef }

// ListTagsForResourceOutput carries the tags.
type ListTagsForResourceOutput struct{ Tags []Tag }

// Validate reports every violated constraint.
func (in *ListTagsForResourceInput) Validate() error {
	var v wire.Violations
	in.check(&v)
	return v.Err()
}

func (s *Service) listTagsForResource(_ context.Context, _ *wire.Call, in *ListTagsForResourceInput) (*ListTagsForResourceOutput, error) {
	r, err := s.tagged(in.ResourceRef)
	if err != nil {
		return nil, err
	}
	r.st.mu.RLock()
	defer r.st.mu.RUnlock()
	out := &ListTagsForResourceOutput{Tags: []Tag{}}
	for _, key := range slices.Sorted(maps.Keys(*r.tags)) {
		out.Tags = append(out.Tags, Tag{Key: key, Value: (*r.tags)[key]})
	}
	return out, nil
}
