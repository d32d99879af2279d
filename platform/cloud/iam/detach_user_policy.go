package iam

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// detachUserPolicy takes a managed policy away from a user, from the next call.
func (s *Service) detachUserPolicy() wire.Operation {
	return wire.Op("DetachUserPolicy", s.onUserPolicy("DetachUserPolicy"),
		func(_ context.Context, _ *wire.Call, in *attachUserPolicyInput) (empty, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			holder, err := s.lookUpUser(in.UserName)
			if err != nil {
				return empty{}, err
			}
			if err := holder.detach(in.PolicyARN); err != nil {
				return empty{}, err
			}
			s.keepUser(holder)
			return empty{}, nil
		})
}
