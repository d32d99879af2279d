package lambda

// DeleteFunction removes a function and ends its idle environments; an
// invocation in hand is finished. Event source mappings stay, as on AWS, and
// report a problem until they are deleted.

import (
	"context"
	"net/http"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type deleteFunctionInput struct{ target }

func (s *Service) deleteFunction() wire.Operation {
	return route("DeleteFunction", http.MethodDelete, "/2015-03-31/functions/{FunctionName}",
		access("DeleteFunction", func(in *deleteFunctionInput) *target { return &in.target }),
		func(_ context.Context, _ *wire.Call, in *deleteFunctionInput) (noContent, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			f, err := s.lookup(&in.target)
			if err != nil {
				return noContent{}, err
			}
			delete(s.functions, f.name)
			s.pool.unreserve(f.name)
			s.pool.retire(f.spec)
			f.spec.code.release()
			return noContent{}, nil
		})
}
