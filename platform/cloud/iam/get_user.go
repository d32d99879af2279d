package iam

import (
	"context"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// getUser describes a user, by default the caller.
func (s *Service) getUser() wire.Operation {
	return wire.Op("GetUser",
		func(call *wire.Call, in *optionalUserInput) []wire.Access {
			return s.onUser("iam:GetUser", call, in.UserName)
		},
		func(_ context.Context, call *wire.Call, in *optionalUserInput) (*userOutput, error) {
			s.mu.RLock()
			defer s.mu.RUnlock()
			u, err := s.userOrSelf(call, in.UserName)
			if err != nil {
				return nil, err
			}
			if u == nil {
				return &userOutput{s.rootView()}, nil
			}
			return &userOutput{u.view()}, nil
		})
}

// rootView shows the root as GetUser does: no name, and the account for an id.
func (s *Service) rootView() userView {
	var created time.Time
	for _, key := range s.accessKeys {
		if key.owner == nil {
			created = key.created
		}
	}
	return userView{Path: "/", UserID: s.account, ARN: s.rootARN(), CreateDate: created}
}
