package iam

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// deleteRole removes a role that has no policies left. Its sessions stay
// authenticated until they expire, and may do nothing from the next call.
func (s *Service) deleteRole() wire.Operation {
	return wire.Op("DeleteRole",
		func(_ *wire.Call, in *roleInput) []wire.Access { return s.onRole("iam:DeleteRole", in.RoleName) },
		func(_ context.Context, _ *wire.Call, in *roleInput) (empty, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			r, err := s.lookUpRole(in.RoleName)
			if err != nil {
				return empty{}, err
			}
			if len(r.inline) > 0 {
				return empty{}, deleteConflict("policies")
			}
			if len(r.attached) > 0 {
				return empty{}, errStillAttached()
			}
			delete(s.roles, nameKey(r.name))
			delete(s.identities, r.id)
			s.keepGone(rolePrefix, r.id)
			return empty{}, nil
		})
}
