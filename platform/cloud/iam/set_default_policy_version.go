package iam

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// setDefaultPolicyVersion makes a version the one that decides, for everyone
// whom the policy is attached to, from the next call.
func (s *Service) setDefaultPolicyVersion() wire.Operation {
	return wire.Op("SetDefaultPolicyVersion",
		func(_ *wire.Call, in *versionInput) []wire.Access {
			return onPolicy("iam:SetDefaultPolicyVersion", in.PolicyARN)
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
			m.standard = v.number
			m.updated = s.now()
			s.keepPolicy(m)
			return empty{}, nil
		})
}
