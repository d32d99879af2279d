package lambda

// PutFunctionConcurrency reserves concurrency for a function; 0 stops it.
// Limit: 100 executions of the account's 1,000 must stay unreserved.

import (
	"context"
	"net/http"
	"net/url"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type putFunctionConcurrencyInput struct {
	name                         target
	ReservedConcurrentExecutions *int
}

func (in *putFunctionConcurrencyInput) bind(vars map[string]string, query url.Values) error {
	return in.name.bind(vars, query)
}

// Validate checks the API model's constraints.
func (in *putFunctionConcurrencyInput) Validate() error {
	var v wire.Violations
	in.name.check(&v)
	switch n := in.ReservedConcurrentExecutions; {
	case n == nil:
		v.Null("reservedConcurrentExecutions")
	case *n < 0:
		v.Add("reservedConcurrentExecutions", *n, "Member must have value greater than or equal to 0")
	}
	return v.Err()
}

func (s *Service) putFunctionConcurrency() wire.Operation {
	return route("PutFunctionConcurrency", http.MethodPut, "/2017-10-31/functions/{FunctionName}/concurrency",
		access("PutFunctionConcurrency", func(in *putFunctionConcurrencyInput) *target { return &in.name }),
		func(_ context.Context, _ *wire.Call, in *putFunctionConcurrencyInput) (functionConcurrency, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			f, err := s.lookup(&in.name)
			if err != nil {
				return functionConcurrency{}, err
			}
			if err := s.pool.reserve(f.name, *in.ReservedConcurrentExecutions); err != nil {
				return functionConcurrency{}, err
			}
			s.keepFunction(f)
			return functionConcurrency{in.ReservedConcurrentExecutions}, nil
		})
}
