package iam

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// rolePolicyInput names one policy of a role.
type rolePolicyInput struct {
	RoleName   string `json:"RoleName"`
	PolicyName string `json:"PolicyName"`
}

// Validate checks the names.
func (in *rolePolicyInput) Validate() error {
	var c checks
	c.required("roleName", in.RoleName, 64)
	c.required("policyName", in.PolicyName, 128)
	return c.err()
}

type getRolePolicyOutput struct {
	RoleName       string `json:"RoleName"`
	PolicyName     string `json:"PolicyName"`
	PolicyDocument string `json:"PolicyDocument"` // percent-encoded
}

// getRolePolicy returns an embedded policy as it was put.
func (s *Service) getRolePolicy() wire.Operation {
	return wire.Op("GetRolePolicy",
		func(_ *wire.Call, in *rolePolicyInput) []wire.Access {
			return s.onRole("iam:GetRolePolicy", in.RoleName)
		},
		func(_ context.Context, _ *wire.Call, in *rolePolicyInput) (*getRolePolicyOutput, error) {
			s.mu.RLock()
			defer s.mu.RUnlock()
			holder, err := s.lookUpRole(in.RoleName)
			if err != nil {
				return nil, err
			}
			policy, err := holder.lookUpInline("role", in.PolicyName)
			if err != nil {
				return nil, err
			}
			return &getRolePolicyOutput{holder.name, policy.name, encodePolicy(policy.text)}, nil
		})
}
