package iam

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// deleteUser removes a user that has neither keys nor policies left.
func (s *Service) deleteUser() wire.Operation {
	return wire.Op("DeleteUser",
		func(call *wire.Call, in *userInput) []wire.Access {
			return s.onUser("iam:DeleteUser", call, in.UserName)
		},
		func(_ context.Context, _ *wire.Call, in *userInput) (empty, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			u, err := s.lookUpUser(in.UserName)
			switch {
			case err != nil:
				return empty{}, err
			case len(u.inline) > 0:
				return empty{}, deleteConflict("policies")
			case len(u.attached) > 0:
				return empty{}, errStillAttached()
			case len(u.keys) > 0:
				return empty{}, deleteConflict("access keys")
			}
			delete(s.users, nameKey(u.name))
			delete(s.identities, u.id)
			s.keepGone(userPrefix, u.id)
			return empty{}, nil
		})
}
