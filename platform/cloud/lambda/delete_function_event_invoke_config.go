package lambda

// DeleteFunctionEventInvokeConfig returns to the defaults: two retries, six
// hours, no destinations. Events that have ended are still sent where it said.

import (
	"context"
	"net/http"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type deleteEventConfigInput struct{ target }

func (s *Service) deleteFunctionEventInvokeConfig() wire.Operation {
	return route("DeleteFunctionEventInvokeConfig", http.MethodDelete, eventConfigPath,
		access("DeleteFunctionEventInvokeConfig", func(in *deleteEventConfigInput) *target { return &in.target }),
		func(_ context.Context, _ *wire.Call, in *deleteEventConfigInput) (noContent, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			c, _, err := s.eventConfigOf(&in.target)
			if err != nil {
				return noContent{}, err
			}
			delete(c.function.eventConfigs, eventQualifier(&in.target))
			s.keepFunction(c.function)
			return noContent{}, nil
		})
}
