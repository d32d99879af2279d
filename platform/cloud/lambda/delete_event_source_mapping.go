package lambda

// DeleteEventSourceMapping stops a mapping after the batch in hand; a batching
// window still open is not waited for. The mapping is gone once its readers ended.

import (
	"context"
	"net/http"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type deleteMappingInput struct{ mappingID }

func (s *Service) deleteEventSourceMapping() wire.Operation {
	return route("DeleteEventSourceMapping", http.MethodDelete, "/2015-03-31/event-source-mappings/{UUID}",
		onMapping(s, "DeleteEventSourceMapping", func(in *deleteMappingInput) string { return in.UUID }),
		func(_ context.Context, _ *wire.Call, in *deleteMappingInput) (accepted, error) {
			m, err := s.mapping(in.UUID)
			if err != nil {
				return accepted{}, err
			}
			if err := m.remove(); err != nil {
				return accepted{}, err
			}
			return accepted{m.view()}, nil
		})
}

// remove ends the mapping's last generation.
func (m *mapping) remove() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.deleted {
		return inUse("delete")
	}
	m.deleted, m.state = true, stateDeleting
	m.keepGone()
	if m.generation != nil { // else Run has not begun; the first generation sees it
		m.generation()
	}
	return nil
}
