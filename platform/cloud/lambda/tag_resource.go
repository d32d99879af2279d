package lambda

// TagResource adds tags to a function or changes them.
// Limit: 50 tags.

import (
	"context"
	"maps"
	"net/http"
	"net/url"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type tagResourceInput struct {
	resource taggedInput
	Tags     map[string]string
}

func (in *tagResourceInput) bind(vars map[string]string, query url.Values) error {
	return in.resource.bind(vars, query)
}

// Validate checks the API model's constraints.
func (in *tagResourceInput) Validate() error {
	var v wire.Violations
	if in.Tags == nil {
		v.Null("tags")
	}
	return v.Err()
}

func (s *Service) tagResource() wire.Operation {
	return route("TagResource", http.MethodPost, tagsPath,
		accessTagged("TagResource", func(in *tagResourceInput) *taggedInput { return &in.resource }),
		func(_ context.Context, _ *wire.Call, in *tagResourceInput) (noContent, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			f, err := s.tagged(in.resource.Resource)
			if err != nil {
				return noContent{}, err
			}
			tags := maps.Clone(f.tags)
			if tags == nil {
				tags = map[string]string{}
			}
			maps.Copy(tags, in.Tags)
			if err := checkTags(tags); err != nil {
				return noContent{}, err
			}
			f.tags = tags
			s.keepFunction(f)
			return noContent{}, nil
		})
}

// checkTags enforces how many tags a function may have.
func checkTags(tags map[string]string) error {
	if len(tags) > tagsMax {
		return invalidParameter("Number of tags exceeds function tag limit of %d", tagsMax)
	}
	return nil
}
