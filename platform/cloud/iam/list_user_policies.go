package iam

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type listUserPoliciesInput struct {
	pageInput
	UserName string `json:"UserName"`
}

// Validate checks the page and the name.
func (in *listUserPoliciesInput) Validate() error {
	var c checks
	in.check(&c)
	c.required("userName", in.UserName, 64)
	return c.err()
}

// policyNamesOutput is one page of policy names.
type policyNamesOutput struct {
	PolicyNames []string `json:"PolicyNames"`
	pageOutput
}

// listUserPolicies lists the names of a user's embedded policies.
func (s *Service) listUserPolicies() wire.Operation {
	return wire.Op("ListUserPolicies",
		func(call *wire.Call, in *listUserPoliciesInput) []wire.Access {
			return s.onUser("iam:ListUserPolicies", call, in.UserName)
		},
		func(_ context.Context, _ *wire.Call, in *listUserPoliciesInput) (*policyNamesOutput, error) {
			s.mu.RLock()
			defer s.mu.RUnlock()
			holder, err := s.lookUpUser(in.UserName)
			if err != nil {
				return nil, err
			}
			names, page, err := paginate(&in.pageInput, holder.policyNames(), func(name string) string { return name })
			return &policyNamesOutput{names, page}, err
		})
}
