package iam

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// deleteUserPolicy takes an embedded policy away, from the next call.
func (s *Service) deleteUserPolicy() wire.Operation {
	return wire.Op("DeleteUserPolicy",
		func(call *wire.Call, in *userPolicyInput) []wire.Access {
			return s.onUser("iam:DeleteUserPolicy", call, in.UserName)
		},
		func(_ context.Context, _ *wire.Call, in *userPolicyInput) (empty, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			holder, err := s.lookUpUser(in.UserName)
			if err != nil {
				return empty{}, err
			}
			if _, err := holder.lookUpInline("user", in.PolicyName); err != nil {
				return empty{}, err
			}
			delete(holder.inline, in.PolicyName)
			s.keepUser(holder)
			return empty{}, nil
		})
}
