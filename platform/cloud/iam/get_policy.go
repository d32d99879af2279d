package iam

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// getPolicy describes a managed policy, without its document.
func (s *Service) getPolicy() wire.Operation {
	return wire.Op("GetPolicy",
		func(_ *wire.Call, in *policyInput) []wire.Access { return onPolicy("iam:GetPolicy", in.PolicyARN) },
		func(_ context.Context, _ *wire.Call, in *policyInput) (*policyOutput, error) {
			s.mu.RLock()
			defer s.mu.RUnlock()
			m, err := s.lookUpManaged(in.PolicyARN)
			if err != nil {
				return nil, err
			}
			view := m.view()
			view.Description = m.description
			return &policyOutput{view}, nil
		})
}
