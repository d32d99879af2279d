package iam

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type putUserPolicyInput struct {
	UserName       string `json:"UserName"`
	PolicyName     string `json:"PolicyName"`
	PolicyDocument string `json:"PolicyDocument"`
}

// Validate checks names and the document's characters.
func (in *putUserPolicyInput) Validate() error {
	var c checks
	c.required("userName", in.UserName, 64)
	c.required("policyName", in.PolicyName, 128)
	c.policy("policyDocument", in.PolicyDocument)
	return c.err()
}

// putUserPolicy embeds a policy in a user, or replaces it, from the next call.
// Limit: 2,048
// characters in all policies of the user.
func (s *Service) putUserPolicy() wire.Operation {
	return wire.Op("PutUserPolicy",
		func(call *wire.Call, in *putUserPolicyInput) []wire.Access {
			return s.onUser("iam:PutUserPolicy", call, in.UserName)
		},
		func(_ context.Context, _ *wire.Call, in *putUserPolicyInput) (empty, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			holder, err := s.lookUpUser(in.UserName)
			if err != nil {
				return empty{}, err
			}
			if err := holder.putInline("user", in.PolicyName, in.PolicyDocument, maxUserPolicyChars); err != nil {
				return empty{}, err
			}
			s.keepUser(holder)
			return empty{}, nil
		})
}
