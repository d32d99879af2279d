package lambda

// GetFunctionEventInvokeConfig shows how asynchronous invocations are handled,
// if that was ever configured.

import (
	"context"
	"net/http"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type getEventConfigInput struct{ target }

func (s *Service) getFunctionEventInvokeConfig() wire.Operation {
	return route("GetFunctionEventInvokeConfig", http.MethodGet, eventConfigPath,
		access("GetFunctionEventInvokeConfig", func(in *getEventConfigInput) *target { return &in.target }),
		func(_ context.Context, _ *wire.Call, in *getEventConfigInput) (eventConfiguration, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			c, config, err := s.eventConfigOf(&in.target)
			if err != nil {
				return eventConfiguration{}, err
			}
			return config.view(c.function, eventQualifier(&in.target)), nil
		})
}
