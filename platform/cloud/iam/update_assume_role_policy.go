package iam

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type updateAssumeRolePolicyInput struct {
	RoleName       string `json:"RoleName"`
	PolicyDocument string `json:"PolicyDocument"`
}

// Validate checks the name and the document's characters.
func (in *updateAssumeRolePolicyInput) Validate() error {
	var c checks
	c.required("roleName", in.RoleName, 64)
	c.policy("policyDocument", in.PolicyDocument)
	return c.err()
}

// updateAssumeRolePolicy replaces who may assume a role. Sessions that exist
// keep working until they expire, as on AWS.
func (s *Service) updateAssumeRolePolicy() wire.Operation {
	return wire.Op("UpdateAssumeRolePolicy",
		func(_ *wire.Call, in *updateAssumeRolePolicyInput) []wire.Access {
			return s.onRole("iam:UpdateAssumeRolePolicy", in.RoleName)
		},
		func(_ context.Context, _ *wire.Call, in *updateAssumeRolePolicyInput) (empty, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			r, err := s.lookUpRole(in.RoleName)
			if err != nil {
				return empty{}, err
			}
			if err := s.setTrust(r, in.PolicyDocument); err != nil {
				return empty{}, err
			}
			s.keepRole(r)
			return empty{}, nil
		})
}
