package iam

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type attachUserPolicyInput struct {
	UserName  string `json:"UserName"`
	PolicyARN string `json:"PolicyArn"`
}

// Validate checks the name and the ARN.
func (in *attachUserPolicyInput) Validate() error {
	var c checks
	c.required("userName", in.UserName, 64)
	c.policyARN(in.PolicyARN)
	return c.err()
}

// onUserPolicy is the permission to attach or detach, which policies may
// restrict by iam:PolicyARN.
func (s *Service) onUserPolicy(action string) func(*wire.Call, *attachUserPolicyInput) []wire.Access {
	return func(call *wire.Call, in *attachUserPolicyInput) []wire.Access {
		list := s.onUser("iam:"+action, call, in.UserName)
		list[0].Fact = wire.Fact{Key: "iam:PolicyARN", Value: in.PolicyARN}
		return list
	}
}

// attachUserPolicy gives a user a managed policy, from the next call; once more
// is fine. AWS's policies that this cloud does not have are refused by name.
// Limit: ten policies to a user.
func (s *Service) attachUserPolicy() wire.Operation {
	return wire.Op("AttachUserPolicy", s.onUserPolicy("AttachUserPolicy"),
		func(_ context.Context, _ *wire.Call, in *attachUserPolicyInput) (empty, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			holder, err := s.lookUpUser(in.UserName)
			if err != nil {
				return empty{}, err
			}
			m, err := s.lookUpManaged(in.PolicyARN)
			if err != nil {
				return empty{}, err
			}
			if err := holder.attach("User", m); err != nil {
				return empty{}, err
			}
			s.keepUser(holder)
			return empty{}, nil
		})
}
