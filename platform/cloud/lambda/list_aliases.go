package lambda

// ListAliases lists a function's aliases by name, 50 at a time, or those that
// stand for one version.

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type listAliasesInput struct {
	page
	function target
	version  string
}

func (in *listAliasesInput) bind(vars map[string]string, query url.Values) error {
	in.version = query.Get("FunctionVersion")
	if err := in.function.bind(vars, query); err != nil {
		return err
	}
	return in.page.bind(vars, query)
}

// Validate checks the API model's constraints.
func (in *listAliasesInput) Validate() error {
	var v wire.Violations
	in.function.check(&v)
	if in.version != "" && !versionOrLatest.MatchString(in.version) {
		v.Add("functionVersion", in.version, `Member must satisfy regular expression pattern: (\$LATEST|[0-9]+)`)
	}
	return v.Err()
}

type listAliasesOutput struct {
	Aliases    []aliasConfiguration
	NextMarker string `json:",omitempty"`
}

func (s *Service) listAliases() wire.Operation {
	return route("ListAliases", http.MethodGet, "/2015-03-31/functions/{FunctionName}/aliases",
		access("ListAliases", func(in *listAliasesInput) *target { return &in.function }),
		func(_ context.Context, _ *wire.Call, in *listAliasesInput) (listAliasesOutput, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			f, err := s.lookup(&in.function)
			if err != nil {
				return listAliasesOutput{}, err
			}
			names := slices.DeleteFunc(slices.Sorted(maps.Keys(f.aliases)), func(name string) bool {
				return in.version != "" && !f.aliases[name].points(in.version)
			})
			names, next := in.take(names, 50)
			out := listAliasesOutput{Aliases: []aliasConfiguration{}, NextMarker: next}
			for _, name := range names {
				out.Aliases = append(out.Aliases, f.aliasView(f.aliases[name]))
			}
			return out, nil
		})
}
