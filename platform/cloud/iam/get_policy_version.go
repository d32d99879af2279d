package iam

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// getPolicyVersion returns a version with its document as it was put.
func (s *Service) getPolicyVersion() wire.Operation {
	return wire.Op("GetPolicyVersion",
		func(_ *wire.Call, in *versionInput) []wire.Access {
			return onPolicy("iam:GetPolicyVersion", in.PolicyARN)
		},
		func(_ context.Context, _ *wire.Call, in *versionInput) (*versionOutput, error) {
			s.mu.RLock()
			defer s.mu.RUnlock()
			m, v, err := s.lookUpVersion(in)
			if err != nil {
				return nil, err
			}
			view := m.versionView(v)
			view.Document = encodePolicy(v.text)
			return &versionOutput{view}, nil
		})
}
