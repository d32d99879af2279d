package kinesis

import (
	"context"
	"maps"

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
	if in.Tags == nil {
		v.Null("tags")
	} else if len(in.Tags) == 0 {
		v.Add("tags", "{}", "Member must have length greater than or equal to 1")
	}
	checkTags(&v, in.Tags, 200)
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
	tags := maps.Clone(st.tags)
	if tags == nil {
		tags = make(map[string]string)
	}
	maps.Copy(tags, in.Tags)
	if len(tags) > streamTagsMax {
		return nil, wire.Errorf(codeInvalidArgument, "Failed to add tags to stream %s under account %s because a given stream cannot have more than %d tags associated with it.",
			st.name, s.cfg.Account, streamTagsMax)
	}
	st.tags = tags
	return nil, nil
}
