package iam

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// deleteRolePolicy takes an embedded policy away, from the next call.
func (s *Service) deleteRolePolicy() wire.Operation {
	return wire.Op("DeleteRolePolicy",
		func(_ *wire.Call, in *rolePolicyInput) []wire.Access {
			return s.onRole("iam:DeleteRolePolicy", in.RoleName)
		},
		func(_ context.Context, _ *wire.Call, in *rolePolicyInput) (empty, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			holder, err := s.lookUpRole(in.RoleName)
			if err != nil {
				return empty{}, err
			}
			if _, err := holder.lookUpInline("role", in.PolicyName); err != nil {
				return empty{}, err
			}
			delete(holder.inline, in.PolicyName)
			s.keepRole(holder)
			return empty{}, nil
		})
}
