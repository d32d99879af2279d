package lambda

// CreateAlias names a version, $LATEST included, and with RoutingConfig gives a
// second one its share of invocations.
// Limit: one additional version.

import (
	"context"
	"net/http"
	"net/url"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type createAliasInput struct {
	function target
	Name     string
	aliasSettings
}

func (in *createAliasInput) bind(vars map[string]string, query url.Values) error {
	return in.function.bind(vars, query)
}

// Validate checks the API model's constraints.
func (in *createAliasInput) Validate() error {
	var v wire.Violations
	in.function.check(&v)
	checkAlias(&v, in.Name)
	if in.FunctionVersion == nil {
		v.Null("functionVersion")
	}
	in.check(&v)
	return v.Err()
}

// createdAlias answers 201.
type createdAlias struct{ aliasConfiguration }

// Respond writes the alias with status 201.
func (c createdAlias) Respond(_ context.Context, w http.ResponseWriter) error {
	return writeJSON(w, http.StatusCreated, c.aliasConfiguration)
}

func (s *Service) createAlias() wire.Operation {
	return route("CreateAlias", http.MethodPost, "/2015-03-31/functions/{FunctionName}/aliases",
		access("CreateAlias", func(in *createAliasInput) *target { return &in.function }),
		func(_ context.Context, _ *wire.Call, in *createAliasInput) (createdAlias, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			f, err := s.lookup(&in.function)
			if err != nil {
				return createdAlias{}, err
			}
			if f.aliases[in.Name] != nil {
				return createdAlias{}, conflict("Alias already exists: %s", f.arn+":"+in.Name)
			}
			a, err := in.apply(f, alias{name: in.Name})
			if err != nil {
				return createdAlias{}, err
			}
			f.aliases[a.name] = a
			s.keepFunction(f)
			return createdAlias{f.aliasView(a)}, nil
		})
}
