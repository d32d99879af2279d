package lambda

// DeleteFunctionConcurrency gives a function's reservation back to the account.

import (
	"context"
	"net/http"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type deleteFunctionConcurrencyInput struct{ target }

func (s *Service) deleteFunctionConcurrency() wire.Operation {
	return route("DeleteFunctionConcurrency", http.MethodDelete, "/2017-10-31/functions/{FunctionName}/concurrency",
		access("DeleteFunctionConcurrency", func(in *deleteFunctionConcurrencyInput) *target { return &in.target }),
		func(_ context.Context, _ *wire.Call, in *deleteFunctionConcurrencyInput) (noContent, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			f, err := s.lookup(&in.target)
			if err != nil {
				return noContent{}, err
			}
			s.pool.unreserve(f.name)
			s.keepFunction(f)
			return noContent{}, nil
		})
}
