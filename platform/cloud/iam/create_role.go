package iam

import (
	"cmp"
	"context"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type createRoleInput struct {
	RoleName                 string `json:"RoleName"`
	Path                     string `json:"Path"`
	AssumeRolePolicyDocument string `json:"AssumeRolePolicyDocument"`
	Description              string `json:"Description"`
	MaxSessionDuration       *int32 `json:"MaxSessionDuration"`
	PermissionsBoundary      string `json:"PermissionsBoundary"`
	Tags                     []tag  `json:"Tags"`
}

// Validate checks names, texts and the session's maximum.
func (in *createRoleInput) Validate() error {
	var c checks
	c.required("roleName", in.RoleName, 64)
	c.path("path", in.Path)
	c.policy("assumeRolePolicyDocument", in.AssumeRolePolicyDocument)
	if len(in.Description) > 1000 {
		c.Add("description", clip(in.Description), lengthAtMost(1000))
	}
	if d := in.MaxSessionDuration; d != nil && *d < 3600 {
		c.Add("maxSessionDuration", *d, "Member must have value greater than or equal to 3600")
	} else if d != nil && *d > 43200 {
		c.Add("maxSessionDuration", *d, "Member must have value less than or equal to 43200")
	}
	return c.err()
}

type roleOutput struct {
	Role roleView `json:"Role"`
}

// createRole adds a role that its trust policy's principals may assume and
// that may do nothing yet. Permissions boundaries and tags are refused. Limit:
// 1,000 roles.
func (s *Service) createRole() wire.Operation {
	return wire.Op("CreateRole",
		func(_ *wire.Call, in *createRoleInput) []wire.Access {
			return []wire.Access{{Action: "iam:CreateRole", Resource: s.newRoleARN(in.Path, in.RoleName)}}
		},
		func(_ context.Context, _ *wire.Call, in *createRoleInput) (*roleOutput, error) {
			if err := refuseExtras(in.PermissionsBoundary, in.Tags); err != nil {
				return nil, err
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.roles[nameKey(in.RoleName)] != nil {
				return nil, alreadyExists("Role", in.RoleName)
			}
			if len(s.roles) >= maxRoles {
				return nil, limitExceeded("Cannot exceed quota for RolesPerAccount: %d", maxRoles)
			}
			r := &role{
				identity: identity{
					name:    in.RoleName,
					path:    cmp.Or(in.Path, "/"),
					id:      uniqueID("AROA", 21),
					arn:     s.newRoleARN(in.Path, in.RoleName),
					created: s.now(),
					inline:  map[string]*inlinePolicy{},
				},
				description:        in.Description,
				maxSessionDuration: time.Hour,
			}
			if in.MaxSessionDuration != nil {
				r.maxSessionDuration = time.Duration(*in.MaxSessionDuration) * time.Second
			}
			if err := s.setTrust(r, in.AssumeRolePolicyDocument); err != nil {
				return nil, err
			}
			s.roles[nameKey(r.name)] = r
			s.identities[r.id] = &r.identity
			s.keepRole(r)
			return &roleOutput{r.view()}, nil
		})
}
