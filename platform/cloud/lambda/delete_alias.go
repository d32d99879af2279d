package lambda

// DeleteAlias removes an alias; one that does not exist is none the less gone.

import (
	"context"
	"net/http"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type deleteAliasInput struct{ aliasName }

func (s *Service) deleteAlias() wire.Operation {
	return route("DeleteAlias", http.MethodDelete, "/2015-03-31/functions/{FunctionName}/aliases/{Name}",
		access("DeleteAlias", func(in *deleteAliasInput) *target { return &in.target }),
		func(_ context.Context, _ *wire.Call, in *deleteAliasInput) (noContent, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			f, err := s.lookup(&in.target)
			if err != nil {
				return noContent{}, err
			}
			delete(f.aliases, in.Name)
			s.keepFunction(f)
			return noContent{}, nil
		})
}
