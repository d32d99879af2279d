package lambda

// UpdateEventSourceMapping changes a mapping's parameters, its function, or
// whether it is enabled. Readers stop after the batch in hand and go on from
// their checkpoints with the new parameters.

import (
	"context"
	"net/http"
	"net/url"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type updateMappingInput struct {
	id           mappingID
	FunctionName string
	mappingInput
}

func (in *updateMappingInput) bind(vars map[string]string, query url.Values) error {
	return in.id.bind(vars, query)
}

// Validate checks the API model's constraints.
func (in *updateMappingInput) Validate() error {
	var v wire.Violations
	if in.FunctionName != "" {
		(&target{FunctionName: in.FunctionName}).check(&v)
	}
	in.check(&v)
	return v.Err()
}

func (s *Service) updateEventSourceMapping() wire.Operation {
	return route("UpdateEventSourceMapping", http.MethodPut, "/2015-03-31/event-source-mappings/{UUID}",
		s.accessUpdateMapping(),
		s.handleUpdateMapping)
}

// accessUpdateMapping asks for the function the mapping has and for the one it
// shall have, so that a policy on either holds.
func (s *Service) accessUpdateMapping() func(*wire.Call, *updateMappingInput) []wire.Access {
	now := onMapping(s, "UpdateEventSourceMapping", func(in *updateMappingInput) string { return in.id.UUID })
	return func(call *wire.Call, in *updateMappingInput) []wire.Access {
		list := now(call, in)
		if in.FunctionName != "" {
			next := list[0]
			next.Fact = forFunction(call, (&target{FunctionName: in.FunctionName}).name())
			list = append(list, next)
		}
		return list
	}
}

func (s *Service) handleUpdateMapping(_ context.Context, _ *wire.Call, in *updateMappingInput) (accepted, error) {
	m, err := s.mapping(in.id.UUID)
	if err != nil {
		return accepted{}, err
	}
	m.mu.Lock()
	function, before := m.function, m.settings
	m.mu.Unlock()
	if in.FunctionName != "" {
		function = (&target{FunctionName: in.FunctionName}).reference()
	}
	parameters, err := in.apply(before)
	if err != nil {
		return accepted{}, err
	}
	if err := s.connectable(function, m.source, parameters); err != nil {
		return accepted{}, err
	}
	if err := m.change(function, parameters, in.Enabled); err != nil {
		return accepted{}, err
	}
	return accepted{m.view()}, nil
}

// change starts a new generation with other parameters; a mapping in
// transition refuses.
func (m *mapping) change(function string, parameters mappingSettings, enabled *bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.state != stateEnabled && m.state != stateDisabled {
		return inUse("update")
	}
	switch {
	case enabled != nil && *enabled && !m.enabled:
		m.state = stateEnabling
	case enabled != nil && !*enabled && m.enabled:
		m.state = stateDisabling
	default:
		m.state = stateUpdating
	}
	set(&m.enabled, enabled)
	m.function, m.settings, m.modified = function, parameters, m.deps.wall.Now()
	m.keep()
	m.generation()
	return nil
}

func inUse(verb string) *wire.Error {
	return apiError(http.StatusBadRequest, "ResourceInUseException", "User",
		"Cannot "+verb+" the event source mapping because it is in use.")
}
