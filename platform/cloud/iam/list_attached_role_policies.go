package iam

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type listAttachedRolePoliciesInput struct {
	pageInput
	RoleName   string `json:"RoleName"`
	PathPrefix string `json:"PathPrefix"`
}

// Validate checks the page, the name and the prefix.
func (in *listAttachedRolePoliciesInput) Validate() error {
	var c checks
	in.check(&c)
	c.required("roleName", in.RoleName, 64)
	c.pathPrefix(in.PathPrefix)
	return c.err()
}

// listAttachedRolePolicies lists the managed policies attached to a role, by ARN.
func (s *Service) listAttachedRolePolicies() wire.Operation {
	return wire.Op("ListAttachedRolePolicies",
		func(_ *wire.Call, in *listAttachedRolePoliciesInput) []wire.Access {
			return s.onRole("iam:ListAttachedRolePolicies", in.RoleName)
		},
		func(_ context.Context, _ *wire.Call, in *listAttachedRolePoliciesInput) (*attachedOutput, error) {
			s.mu.RLock()
			defer s.mu.RUnlock()
			holder, err := s.lookUpRole(in.RoleName)
			if err != nil {
				return nil, err
			}
			return holder.listAttached(&in.pageInput, in.PathPrefix)
		})
}
