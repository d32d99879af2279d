package iam

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// getRole describes a role and its trust policy.
func (s *Service) getRole() wire.Operation {
	return wire.Op("GetRole",
		func(_ *wire.Call, in *roleInput) []wire.Access { return s.onRole("iam:GetRole", in.RoleName) },
		func(_ context.Context, _ *wire.Call, in *roleInput) (*roleOutput, error) {
			s.mu.RLock()
			defer s.mu.RUnlock()
			r, err := s.lookUpRole(in.RoleName)
			if err != nil {
				return nil, err
			}
			return &roleOutput{r.view()}, nil
		})
}
