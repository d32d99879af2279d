package lambda

// GetAlias shows an alias.

import (
	"context"
	"net/http"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type getAliasInput struct{ aliasName }

func (s *Service) getAlias() wire.Operation {
	return route("GetAlias", http.MethodGet, "/2015-03-31/functions/{FunctionName}/aliases/{Name}",
		access("GetAlias", func(in *getAliasInput) *target { return &in.target }),
		func(_ context.Context, _ *wire.Call, in *getAliasInput) (aliasConfiguration, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			f, err := s.lookup(&in.target)
			if err != nil {
				return aliasConfiguration{}, err
			}
			a, err := f.alias(in.Name)
			if err != nil {
				return aliasConfiguration{}, err
			}
			return f.aliasView(a), nil
		})
}
