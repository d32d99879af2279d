package lambda

// ListEventSourceMappings lists mappings by UUID, 100 at a time, optionally of
// one function or one event source.

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type listMappingsInput struct {
	page
	function, eventSource string
}

func (in *listMappingsInput) bind(vars map[string]string, query url.Values) error {
	in.function, in.eventSource = query.Get("FunctionName"), query.Get("EventSourceArn")
	return in.page.bind(vars, query)
}

type listMappingsOutput struct {
	EventSourceMappings []EventSourceMappingConfiguration
	NextMarker          string `json:",omitempty"`
}

func (s *Service) listEventSourceMappings() wire.Operation {
	return route("ListEventSourceMappings", http.MethodGet, "/2015-03-31/event-source-mappings",
		func(*wire.Call, *listMappingsInput) []wire.Access {
			return []wire.Access{{Action: "lambda:ListEventSourceMappings", Resource: "*"}}
		},
		func(_ context.Context, _ *wire.Call, in *listMappingsInput) (listMappingsOutput, error) {
			named := &target{FunctionName: in.function}
			function := named.reference()
			s.mu.Lock()
			defer s.mu.Unlock()
			if in.function != "" {
				if _, err := s.find(named); err != nil {
					return listMappingsOutput{}, err
				}
			}
			var ids []string
			for id, m := range s.mappings {
				if m.matches(function, in.eventSource) {
					ids = append(ids, id)
				}
			}
			slices.Sort(ids)
			ids, next := in.take(ids, 100)
			out := listMappingsOutput{EventSourceMappings: []EventSourceMappingConfiguration{}, NextMarker: next}
			for _, id := range ids {
				out.EventSourceMappings = append(out.EventSourceMappings, s.mappings[id].view())
			}
			return out, nil
		})
}

// matches applies the filters of a listing; empty ones match everything.
func (m *mapping) matches(function, eventSource string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return (function == "" || m.function == function) && (eventSource == "" || m.source.arn() == eventSource)
}
