package iam

import (
	"context"
	"strings"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type listRolesOutput struct {
	Roles []roleView `json:"Roles"`
	pageOutput
}

// listRoles lists roles by name, under a path prefix.
func (s *Service) listRoles() wire.Operation {
	return wire.Op("ListRoles",
		func(_ *wire.Call, in *listInput) []wire.Access {
			return []wire.Access{{
				Action:   "iam:ListRoles",
				Resource: "arn:aws:iam::" + s.account + ":role/" + strings.TrimPrefix(in.PathPrefix, "/"),
			}}
		},
		func(_ context.Context, _ *wire.Call, in *listInput) (*listRolesOutput, error) {
			views := []roleView{}
			s.mu.RLock()
			for _, r := range s.roles {
				if strings.HasPrefix(r.path, in.PathPrefix) {
					views = append(views, r.view())
				}
			}
			s.mu.RUnlock()
			views, page, err := paginate(&in.pageInput, views, func(v roleView) string { return v.RoleName })
			return &listRolesOutput{views, page}, err
		})
}
