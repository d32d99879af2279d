package lambda

// DeleteFunction removes a function with all its versions, or with a Qualifier
// one version, and ends idle environments; an invocation in hand is finished,
// events that wait are not. Event source mappings stay, as on AWS, and
// report a problem until they are deleted.

import (
	"context"
	"net/http"
	"slices"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type deleteFunctionInput struct{ target }

func (s *Service) deleteFunction() wire.Operation {
	return route("DeleteFunction", http.MethodDelete, "/2015-03-31/functions/{FunctionName}",
		access("DeleteFunction", func(in *deleteFunctionInput) *target { return &in.target }),
		func(_ context.Context, _ *wire.Call, in *deleteFunctionInput) (noContent, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			f, err := s.find(&in.target)
			switch {
			case err != nil:
				return noContent{}, err
			case in.qualifier() == "":
				s.remove(f.function)
				return noContent{}, nil
			default:
				return noContent{}, s.unpublish(f)
			}
		})
}

// remove ends a function with all its versions; s.mu is held.
func (s *Service) remove(f *function) {
	delete(s.functions, f.name)
	s.pool.unreserve(f.name)
	s.keepFunctionGone(f)
	if f.events != nil {
		if n := f.events.close(); n > 0 {
			s.cfg.Log.Warn("event invocations deleted with their function", "function", f.name, "events", n)
		}
	}
	for _, v := range f.all() {
		s.pool.retire(v.spec)
		s.discard(v.spec.code)
	}
}

// unpublish removes one version that no alias stands for; s.mu is held.
func (s *Service) unpublish(c callee) error {
	f, v := c.function, c.version
	switch {
	case c.alias != "":
		return invalidParameter("Deletion of aliases is not currently supported.")
	case v.number == latestVersion:
		return invalidParameter("$LATEST version cannot be deleted without deleting the function.")
	}
	for name, a := range f.aliases {
		if a.points(v.number) {
			return conflict("Version %s of function %s cannot be deleted: alias %s points to it.", v.number, f.name, name)
		}
	}
	f.versions = slices.DeleteFunc(f.versions, func(other *version) bool { return other == v })
	s.pool.retire(v.spec)
	s.keepFunction(f)
	s.discard(v.spec.code)
	return nil
}
