package lambda

// GetFunctionConcurrency shows a function's reservation, or nothing without one.

import (
	"context"
	"net/http"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type getFunctionConcurrencyInput struct{ target }

func (s *Service) getFunctionConcurrency() wire.Operation {
	return route("GetFunctionConcurrency", http.MethodGet, "/2019-09-30/functions/{FunctionName}/concurrency",
		access("GetFunctionConcurrency", func(in *getFunctionConcurrencyInput) *target { return &in.target }),
		func(_ context.Context, _ *wire.Call, in *getFunctionConcurrencyInput) (functionConcurrency, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			f, err := s.lookup(&in.target)
			if err != nil {
				return functionConcurrency{}, err
			}
			if n, ok := s.pool.reservation(f.name); ok {
				return functionConcurrency{&n}, nil
			}
			return functionConcurrency{}, nil
		})
}
