package lambda

// ListFunctionEventInvokeConfigs lists the configurations of a function and of
// its versions and aliases by qualifier, 50 at a time.

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type listEventConfigsInput struct {
	page
	function target
}

func (in *listEventConfigsInput) bind(vars map[string]string, query url.Values) error {
	if err := in.function.bind(vars, query); err != nil {
		return err
	}
	return in.page.bind(vars, query)
}

// Validate checks the name against the API model.
func (in *listEventConfigsInput) Validate() error { return in.function.Validate() }

type listEventConfigsOutput struct {
	FunctionEventInvokeConfigs []eventConfiguration
	NextMarker                 string `json:",omitempty"`
}

func (s *Service) listFunctionEventInvokeConfigs() wire.Operation {
	return route("ListFunctionEventInvokeConfigs", http.MethodGet, eventConfigPath+"/list",
		access("ListFunctionEventInvokeConfigs", func(in *listEventConfigsInput) *target { return &in.function }),
		func(_ context.Context, _ *wire.Call, in *listEventConfigsInput) (listEventConfigsOutput, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			f, err := s.lookup(&in.function)
			if err != nil {
				return listEventConfigsOutput{}, err
			}
			qualifiers, next := in.take(slices.Sorted(maps.Keys(f.eventConfigs)), 50)
			out := listEventConfigsOutput{FunctionEventInvokeConfigs: []eventConfiguration{}, NextMarker: next}
			for _, q := range qualifiers {
				out.FunctionEventInvokeConfigs = append(out.FunctionEventInvokeConfigs, f.eventConfigs[q].view(f, q))
			}
			return out, nil
		})
}
