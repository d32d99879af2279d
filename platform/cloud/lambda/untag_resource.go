package lambda

// UntagResource removes tags of a function by their keys; keys it does not have
// are ignored.

import (
	"context"
	"maps"
	"net/http"
	"net/url"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type untagResourceInput struct {
	taggedInput
	TagKeys []string
}

func (in *untagResourceInput) bind(vars map[string]string, query url.Values) error {
	in.TagKeys = query["tagKeys"]
	return in.taggedInput.bind(vars, query)
}

// Validate checks the API model's constraints.
func (in *untagResourceInput) Validate() error {
	var v wire.Violations
	if in.TagKeys == nil {
		v.Null("tagKeys")
	}
	return v.Err()
}

func (s *Service) untagResource() wire.Operation {
	return route("UntagResource", http.MethodDelete, tagsPath,
		accessTagged("UntagResource", func(in *untagResourceInput) *taggedInput { return &in.taggedInput }),
		func(_ context.Context, _ *wire.Call, in *untagResourceInput) (noContent, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			f, err := s.tagged(in.Resource)
			if err != nil {
				return noContent{}, err
			}
			tags := maps.Clone(f.tags) // a reply may still be reading the old map
			for _, key := range in.TagKeys {
				delete(tags, key)
			}
			f.tags = tags
			s.keepFunction(f)
			return noContent{}, nil
		})
}
