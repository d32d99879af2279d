package iam

import (
	"context"
	"slices"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// deletePolicyVersion removes a version other than the default one. Its number
// is not given again.
func (s *Service) deletePolicyVersion() wire.Operation {
	return wire.Op("DeletePolicyVersion",
		func(_ *wire.Call, in *versionInput) []wire.Access {
			return onPolicy("iam:DeletePolicyVersion", in.PolicyARN)
		},
		func(_ context.Context, call *wire.Call, in *versionInput) (empty, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			if _, err := s.lookUpOwn(call, in.PolicyARN); err != nil {
				return empty{}, err
			}
			m, v, err := s.lookUpVersion(in)
			if err != nil {
				return empty{}, err
			}
			if v.number == m.standard {
				return empty{}, conflict("Cannot delete the default version of a policy.")
			}
			m.versions = slices.DeleteFunc(m.versions, func(other *policyVersion) bool { return other == v })
			m.updated = s.now()
			s.keepPolicy(m)
			return empty{}, nil
		})
}
