package iam

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// userPolicyInput names one policy of a user.
type userPolicyInput struct {
	UserName   string `json:"UserName"`
	PolicyName string `json:"PolicyName"`
}

// Validate checks the names.
func (in *userPolicyInput) Validate() error {
	var c checks
	c.required("userName", in.UserName, 64)
	c.required("policyName", in.PolicyName, 128)
	return c.err()
}

type getUserPolicyOutput struct {
	UserName       string `json:"UserName"`
	PolicyName     string `json:"PolicyName"`
	PolicyDocument string `json:"PolicyDocument"` // percent-encoded
}

// getUserPolicy returns an embedded policy as it was put.
func (s *Service) getUserPolicy() wire.Operation {
	return wire.Op("GetUserPolicy",
		func(call *wire.Call, in *userPolicyInput) []wire.Access {
			return s.onUser("iam:GetUserPolicy", call, in.UserName)
		},
		func(_ context.Context, _ *wire.Call, in *userPolicyInput) (*getUserPolicyOutput, error) {
			s.mu.RLock()
			defer s.mu.RUnlock()
			holder, err := s.lookUpUser(in.UserName)
			if err != nil {
				return nil, err
			}
			policy, err := holder.lookUpInline("user", in.PolicyName)
			if err != nil {
				return nil, err
			}
			return &getUserPolicyOutput{holder.name, policy.name, encodePolicy(policy.text)}, nil
		})
}
