package iam

import (
	"cmp"
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type createUserInput struct {
	UserName            string `json:"UserName"`
	Path                string `json:"Path"`
	PermissionsBoundary string `json:"PermissionsBoundary"`
	Tags                []tag  `json:"Tags"`
}

// Validate checks the name and the path.
func (in *createUserInput) Validate() error {
	var c checks
	c.required("userName", in.UserName, 64)
	c.path("path", in.Path)
	return c.err()
}

type userOutput struct {
	User userView `json:"User"`
}

// createUser adds a user without keys or permissions. Permissions boundaries
// and tags are refused. Limit: 5,000 users.
func (s *Service) createUser() wire.Operation {
	return wire.Op("CreateUser",
		func(_ *wire.Call, in *createUserInput) []wire.Access {
			return []wire.Access{{Action: "iam:CreateUser", Resource: s.newUserARN(in.Path, in.UserName)}}
		},
		func(_ context.Context, _ *wire.Call, in *createUserInput) (*userOutput, error) {
			if err := refuseExtras(in.PermissionsBoundary, in.Tags); err != nil {
				return nil, err
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.users[nameKey(in.UserName)] != nil {
				return nil, alreadyExists("User", in.UserName)
			}
			if len(s.users) >= maxUsers {
				return nil, limitExceeded("Cannot exceed quota for UsersPerAccount: %d", maxUsers)
			}
			u := &user{identity: identity{
				name:    in.UserName,
				path:    cmp.Or(in.Path, "/"),
				id:      uniqueID("AIDA", 21),
				arn:     s.newUserARN(in.Path, in.UserName),
				created: s.now(),
				inline:  map[string]*inlinePolicy{},
			}}
			s.users[nameKey(u.name)] = u
			s.identities[u.id] = &u.identity
			s.keepUser(u)
			return &userOutput{u.view()}, nil
		})
}

func refuseExtras(boundary string, tags []tag) error {
	switch {
	case boundary != "":
		return wire.NotImplemented("permissions boundaries")
	case len(tags) > 0:
		return wire.NotImplemented("tags on users and roles")
	}
	return nil
}
