package kinesis

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// AddTagsToStream, RemoveTagsFromStream and ListTagsForStream keep a stream's
// tags; lists are sorted by key. Policies cannot refer to them here.
// Ignored: StreamId, which AWS reserves.
// Limits: 5 calls/s each; 50 tags per stream, 10 keys per removal, 50 tags per page.

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

// RemoveTagsFromStreamInput is what RemoveTagsFromStream takes.
type RemoveTagsFromStreamInput struct {
	StreamRef
	TagKeys []string
}

const removeTagsMax = 50

// Validate reports every violated constraint.
func (in *RemoveTagsFromStreamInput) Validate() error {
	var v wire.Violations
	switch n := len(in.TagKeys); {
	case in.TagKeys == nil:
		v.Null("tagKeys")
	case n == 0:
		v.Add("tagKeys", "[]", "Member must have length greater than or equal to 1")
	case n > removeTagsMax:
		v.Add("tagKeys", "[...]", fmt.Sprintf("Member must have length less than or equal to %d", removeTagsMax))
	}
	for _, key := range in.TagKeys {
		if n := utf8.RuneCountInString(key); n < 1 || n > 128 {
			v.Add("tagKeys", "[...]", "Member must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1]")
		}
	}
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
	for _, key := range in.TagKeys {
		delete(st.tags, key)
	}
	return nil, nil
}

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
