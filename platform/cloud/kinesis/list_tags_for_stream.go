package kinesis

import (
	"context"
	"maps"
	"slices"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// ListTagsForStream lists a stream's tags by key.
// Ignored: StreamId, which AWS reserves.
// Limits: 5 calls/s, 50 tags per page.

// ListTagsForStreamInput is what ListTagsForStream takes.
type ListTagsForStreamInput struct {
	StreamRef
	ExclusiveStartTagKey *string
	Limit                *int
}

// ListTagsForStreamOutput is one page.
type ListTagsForStreamOutput struct {
	Tags        []Tag
	HasMoreTags bool
}

// Tag is one tag.
type Tag struct{ Key, Value string }

const listTagsMax = 50

// Validate reports every violated constraint.
func (in *ListTagsForStreamInput) Validate() error {
	var v wire.Violations
	checkLimit(&v, "limit", in.Limit, 1, listTagsMax)
	if in.ExclusiveStartTagKey != nil {
		checkLength(&v, "exclusiveStartTagKey", *in.ExclusiveStartTagKey, 1, 128)
	}
	in.check(&v)
	return v.Err()
}

func (s *Service) listTagsForStream(_ context.Context, _ *wire.Call, in *ListTagsForStreamInput) (*ListTagsForStreamOutput, error) {
	st, err := s.stream(in.StreamRef)
	if err != nil {
		return nil, err
	}
	limit := listTagsMax
	if in.Limit != nil {
		limit = *in.Limit
	}
	st.mu.RLock()
	defer st.mu.RUnlock()
	out := &ListTagsForStreamOutput{Tags: []Tag{}}
	for _, key := range slices.Sorted(maps.Keys(st.tags)) {
		if in.ExclusiveStartTagKey != nil && key <= *in.ExclusiveStartTagKey {
			continue
		}
		if len(out.Tags) == limit {
			out.HasMoreTags = true
			break
		}
		out.Tags = append(out.Tags, Tag{Key: key, Value: st.tags[key]})
	}
	return out, nil
}
