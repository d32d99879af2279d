package iam

import (
	"context"
	"fmt"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type listPolicyVersionsInput struct {
	pageInput
	PolicyARN string `json:"PolicyArn"`
}

// Validate checks the page and the ARN.
func (in *listPolicyVersionsInput) Validate() error {
	var c checks
	in.check(&c)
	c.policyARN(in.PolicyARN)
	return c.err()
}

type listPolicyVersionsOutput struct {
	Versions []versionView `json:"Versions"`
	pageOutput
}

// listPolicyVersions lists a policy's versions, newest first.
func (s *Service) listPolicyVersions() wire.Operation {
	return wire.Op("ListPolicyVersions",
		func(_ *wire.Call, in *listPolicyVersionsInput) []wire.Access {
			return onPolicy("iam:ListPolicyVersions", in.PolicyARN)
		},
		func(_ context.Context, _ *wire.Call, in *listPolicyVersionsInput) (*listPolicyVersionsOutput, error) {
			s.mu.RLock()
			defer s.mu.RUnlock()
			m, err := s.lookUpManaged(in.PolicyARN)
			if err != nil {
				return nil, err
			}
			versions, page, err := paginate(&in.pageInput, append([]*policyVersion(nil), m.versions...),
				func(v *policyVersion) string { return fmt.Sprintf("%012d", 1e11-v.number) })
			views := make([]versionView, len(versions))
			for i, v := range versions {
				views[i] = m.versionView(v)
			}
			return &listPolicyVersionsOutput{views, page}, err
		})
}
