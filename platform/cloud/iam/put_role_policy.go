package iam

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type putRolePolicyInput struct {
	RoleName       string `json:"RoleName"`
	PolicyName     string `json:"PolicyName"`
	PolicyDocument string `json:"PolicyDocument"`
}

// Validate checks names and the document's characters.
func (in *putRolePolicyInput) Validate() error {
	var c checks
	c.required("roleName", in.RoleName, 64)
	c.required("policyName", in.PolicyName, 128)
	c.policy("policyDocument", in.PolicyDocument)
	return c.err()
}

// putRolePolicy embeds a policy in a role, or replaces it, from the next call.
// Limit: 10,240
// characters in all policies of the role.
func (s *Service) putRolePolicy() wire.Operation {
	return wire.Op("PutRolePolicy",
		func(_ *wire.Call, in *putRolePolicyInput) []wire.Access {
			return s.onRole("iam:PutRolePolicy", in.RoleName)
		},
		func(_ context.Context, _ *wire.Call, in *putRolePolicyInput) (empty, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			holder, err := s.lookUpRole(in.RoleName)
			if err != nil {
				return empty{}, err
			}
			if err := holder.putInline("role", in.PolicyName, in.PolicyDocument, maxRolePolicyChars); err != nil {
				return empty{}, err
			}
			s.keepRole(holder)
			return empty{}, nil
		})
}
