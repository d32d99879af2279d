package iam

import (
	"context"
	"strings"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// listInput is the input of ListUsers and ListRoles.
type listInput struct {
	pageInput
	PathPrefix string `json:"PathPrefix"`
}

// Validate checks the page and the prefix.
func (in *listInput) Validate() error {
	var c checks
	in.check(&c)
	c.pathPrefix(in.PathPrefix)
	return c.err()
}

type listUsersOutput struct {
	Users []userView `json:"Users"`
	pageOutput
}

// listUsers lists users by name, under a path prefix.
func (s *Service) listUsers() wire.Operation {
	return wire.Op("ListUsers",
		func(_ *wire.Call, in *listInput) []wire.Access {
			return []wire.Access{{
				Action:   "iam:ListUsers",
				Resource: "arn:aws:iam::" + s.account + ":user/" + strings.TrimPrefix(in.PathPrefix, "/"),
			}}
		},
		func(_ context.Context, _ *wire.Call, in *listInput) (*listUsersOutput, error) {
			views := []userView{}
			s.mu.RLock()
			for _, u := range s.users {
				if strings.HasPrefix(u.path, in.PathPrefix) {
					views = append(views, u.view())
				}
			}
			s.mu.RUnlock()
			views, page, err := paginate(&in.pageInput, views, func(v userView) string { return v.UserName })
			return &listUsersOutput{views, page}, err
		})
}
