package iam

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// detachRolePolicy takes a managed policy away from a role, from the next call.
func (s *Service) detachRolePolicy() wire.Operation {
	return wire.Op("DetachRolePolicy", s.onRolePolicy("DetachRolePolicy"),
		func(_ context.Context, _ *wire.Call, in *attachRolePolicyInput) (empty, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			holder, err := s.lookUpRole(in.RoleName)
			if err != nil {
				return empty{}, err
			}
			if err := holder.detach(in.PolicyARN); err != nil {
				return empty{}, err
			}
			s.keepRole(holder)
			return empty{}, nil
		})
}
