package iam

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type listRolePoliciesInput struct {
	pageInput
	RoleName string `json:"RoleName"`
}

// Validate checks the page and the name.
func (in *listRolePoliciesInput) Validate() error {
	var c checks
	in.check(&c)
	c.required("roleName", in.RoleName, 64)
	return c.err()
}

// listRolePolicies lists the names of a role's embedded policies.
func (s *Service) listRolePolicies() wire.Operation {
	return wire.Op("ListRolePolicies",
		func(_ *wire.Call, in *listRolePoliciesInput) []wire.Access {
			return s.onRole("iam:ListRolePolicies", in.RoleName)
		},
		func(_ context.Context, _ *wire.Call, in *listRolePoliciesInput) (*policyNamesOutput, error) {
			s.mu.RLock()
			defer s.mu.RUnlock()
			holder, err := s.lookUpRole(in.RoleName)
			if err != nil {
				return nil, err
			}
			names, page, err := paginate(&in.pageInput, holder.policyNames(), func(name string) string { return name })
			return &policyNamesOutput{names, page}, err
		})
}
