package lambda

// GetFunction shows a function's configuration, tags and reservation. The code
// location AWS gives (a presigned S3 URL) does not exist here and is left out.

import (
	"context"
	"net/http"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type getFunctionInput struct{ target }

type getFunctionOutput struct {
	Configuration FunctionConfiguration
	Code          codeLocation
	Tags          map[string]string    `json:",omitempty"`
	Concurrency   *functionConcurrency `json:",omitempty"`
}

type codeLocation struct{ RepositoryType string }

func (s *Service) getFunction() wire.Operation {
	return route("GetFunction", http.MethodGet, "/2015-03-31/functions/{FunctionName}",
		access("GetFunction", func(in *getFunctionInput) *target { return &in.target }),
		func(_ context.Context, _ *wire.Call, in *getFunctionInput) (getFunctionOutput, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			f, err := s.find(&in.target)
			if err != nil {
				return getFunctionOutput{}, err
			}
			out := getFunctionOutput{Configuration: f.version.configuration(f.arn), Code: codeLocation{"weir"}, Tags: f.function.tags}
			if n, ok := s.pool.reservation(f.function.name); ok {
				out.Concurrency = &functionConcurrency{&n}
			}
			return out, nil
		})
}
