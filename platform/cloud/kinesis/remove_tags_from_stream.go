package kinesis

import (
	"context"
	"fmt"
	"unicode/utf8"

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
