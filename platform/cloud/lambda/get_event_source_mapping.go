package lambda

// GetEventSourceMapping shows one mapping with its state and last result.

import (
	"context"
	"net/http"
	"net/url"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// mappingID is the UUID member that three actions take from the path.
type mappingID struct{ UUID string }

func (m *mappingID) bind(vars map[string]string, _ url.Values) error {
	m.UUID = vars["UUID"]
	return nil
}

// onMapping builds the permission of an action on one mapping, which policies
// may restrict by the mapping's function.
func onMapping[I any](s *Service, action string, of func(*I) string) func(*wire.Call, *I) []wire.Access {
	return func(call *wire.Call, in *I) []wire.Access {
		access := wire.Access{Action: "lambda:" + action, Resource: mappingARN(call.Region, call.Account, of(in))}
		if m, err := s.mapping(of(in)); err == nil {
			m.mu.Lock()
			access.Fact = forFunction(call, m.function)
			m.mu.Unlock()
		}
		return []wire.Access{access}
	}
}

// mapping finds a mapping by its UUID.
func (s *Service) mapping(id string) (*mapping, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := s.mappings[id]
	if !ok {
		return nil, notFound("The resource you requested does not exist.")
	}
	return m, nil
}

type getMappingInput struct{ mappingID }

func (s *Service) getEventSourceMapping() wire.Operation {
	return route("GetEventSourceMapping", http.MethodGet, "/2015-03-31/event-source-mappings/{UUID}",
		onMapping(s, "GetEventSourceMapping", func(in *getMappingInput) string { return in.UUID }),
		func(_ context.Context, _ *wire.Call, in *getMappingInput) (EventSourceMappingConfiguration, error) {
			m, err := s.mapping(in.UUID)
			if err != nil {
				return EventSourceMappingConfiguration{}, err
			}
			return m.view(), nil
		})
}
