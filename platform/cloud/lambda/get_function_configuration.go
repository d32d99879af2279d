package lambda

// GetFunctionConfiguration shows a function's configuration; the SDKs' waiters poll it.

import (
	"context"
	"net/http"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type getFunctionConfigurationInput struct{ target }

func (s *Service) getFunctionConfiguration() wire.Operation {
	return route("GetFunctionConfiguration", http.MethodGet, "/2015-03-31/functions/{FunctionName}/configuration",
		access("GetFunctionConfiguration", func(in *getFunctionConfigurationInput) *target { return &in.target }),
		func(_ context.Context, _ *wire.Call, in *getFunctionConfigurationInput) (FunctionConfiguration, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			f, err := s.find(&in.target)
			if err != nil {
				return FunctionConfiguration{}, err
			}
			return f.version.configuration(f.arn), nil
		})
}
