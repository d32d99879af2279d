package iam

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type listAttachedUserPoliciesInput struct {
	pageInput
	UserName   string `json:"UserName"`
	PathPrefix string `json:"PathPrefix"`
}

// Validate checks the page, the name and the prefix.
func (in *listAttachedUserPoliciesInput) Validate() error {
	var c checks
	in.check(&c)
	c.required("userName", in.UserName, 64)
	c.pathPrefix(in.PathPrefix)
	return c.err()
}

// listAttachedUserPolicies lists the managed policies attached to a user, by ARN.
func (s *Service) listAttachedUserPolicies() wire.Operation {
	return wire.Op("ListAttachedUserPolicies",
		func(call *wire.Call, in *listAttachedUserPoliciesInput) []wire.Access {
			return s.onUser("iam:ListAttachedUserPolicies", call, in.UserName)
		},
		func(_ context.Context, _ *wire.Call, in *listAttachedUserPoliciesInput) (*attachedOutput, error) {
			s.mu.RLock()
			defer s.mu.RUnlock()
			holder, err := s.lookUpUser(in.UserName)
			if err != nil {
				return nil, err
			}
			return holder.listAttached(&in.pageInput, in.PathPrefix)
		})
}
