package lambda

// ListTags shows a function's tags.

import (
	"context"
	"net/http"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type listTagsInput struct{ taggedInput }

type listTagsOutput struct{ Tags map[string]string }

func (s *Service) listTags() wire.Operation {
	return route("ListTags", http.MethodGet, tagsPath,
		accessTagged("ListTags", func(in *listTagsInput) *taggedInput { return &in.taggedInput }),
		func(_ context.Context, _ *wire.Call, in *listTagsInput) (listTagsOutput, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			f, err := s.tagged(in.Resource)
			if err != nil {
				return listTagsOutput{}, err
			}
			if f.tags == nil {
				return listTagsOutput{map[string]string{}}, nil
			}
			return listTagsOutput{f.tags}, nil
		})
}
