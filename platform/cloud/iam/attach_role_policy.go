package iam

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type attachRolePolicyInput struct {
	RoleName  string `json:"RoleName"`
	PolicyARN string `json:"PolicyArn"`
}

// Validate checks the name and the ARN.
func (in *attachRolePolicyInput) Validate() error {
	var c checks
	c.required("roleName", in.RoleName, 64)
	c.policyARN(in.PolicyARN)
	return c.err()
}

// onRolePolicy is the permission to attach or detach, which policies may
// restrict by iam:PolicyARN.
func (s *Service) onRolePolicy(action string) func(*wire.Call, *attachRolePolicyInput) []wire.Access {
	return func(_ *wire.Call, in *attachRolePolicyInput) []wire.Access {
		list := s.onRole("iam:"+action, in.RoleName)
		list[0].Fact = wire.Fact{Key: "iam:PolicyARN", Value: in.PolicyARN}
		return list
	}
}

// attachRolePolicy gives a role a managed policy, from the next call; once more
// is fine. AWS's policies that this cloud does not have are refused by name.
// Limit: ten policies to a role.
func (s *Service) attachRolePolicy() wire.Operation {
	return wire.Op("AttachRolePolicy", s.onRolePolicy("AttachRolePolicy"),
		func(_ context.Context, _ *wire.Call, in *attachRolePolicyInput) (empty, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			holder, err := s.lookUpRole(in.RoleName)
			if err != nil {
				return empty{}, err
			}
			m, err := s.lookUpManaged(in.PolicyARN)
			if err != nil {
				return empty{}, err
			}
			if err := holder.attach("Role", m); err != nil {
				return empty{}, err
			}
			s.keepRole(holder)
			return empty{}, nil
		})
}
