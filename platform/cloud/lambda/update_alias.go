package lambda

// UpdateAlias changes what is given of an alias; an empty map of weights ends
// the second version's share.

import (
	"context"
	"net/http"
	"net/url"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type updateAliasInput struct {
	alias      aliasName
	RevisionId string //nolint:revive // the API's spelling
	aliasSettings
}

func (in *updateAliasInput) bind(vars map[string]string, query url.Values) error {
	return in.alias.bind(vars, query)
}

// Validate checks the API model's constraints.
func (in *updateAliasInput) Validate() error {
	var v wire.Violations
	in.alias.check(&v)
	checkAlias(&v, in.alias.Name)
	in.check(&v)
	return v.Err()
}

func (s *Service) updateAlias() wire.Operation {
	return route("UpdateAlias", http.MethodPut, "/2015-03-31/functions/{FunctionName}/aliases/{Name}",
		access("UpdateAlias", func(in *updateAliasInput) *target { return &in.alias.target }),
		func(_ context.Context, _ *wire.Call, in *updateAliasInput) (aliasConfiguration, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			f, err := s.lookup(&in.alias.target)
			if err != nil {
				return aliasConfiguration{}, err
			}
			old, err := f.alias(in.alias.Name)
			if err != nil {
				return aliasConfiguration{}, err
			}
			if err := atRevision(old.revision, in.RevisionId); err != nil {
				return aliasConfiguration{}, err
			}
			next, err := in.apply(f, *old)
			if err != nil {
				return aliasConfiguration{}, err
			}
			f.aliases[next.name] = next
			s.keepFunction(f)
			return f.aliasView(next), nil
		})
}
