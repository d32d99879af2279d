package iam

import (
	"context"
	"strings"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type listPoliciesInput struct {
	pageInput
	Scope             string `json:"Scope"`
	OnlyAttached      bool   `json:"OnlyAttached"`
	PathPrefix        string `json:"PathPrefix"`
	PolicyUsageFilter string `json:"PolicyUsageFilter"`
}

// Validate checks the page and the filters.
func (in *listPoliciesInput) Validate() error {
	var c checks
	in.check(&c)
	c.pathPrefix(in.PathPrefix)
	switch in.Scope {
	case "", "All", "AWS", "Local":
	default:
		c.Add("scope", clip(in.Scope), "Member must satisfy enum value set: [All, AWS, Local]")
	}
	switch in.PolicyUsageFilter {
	case "", "PermissionsPolicy", "PermissionsBoundary":
	default:
		c.Add("policyUsageFilter", clip(in.PolicyUsageFilter),
			"Member must satisfy enum value set: [PermissionsPolicy, PermissionsBoundary]")
	}
	return c.err()
}

type listPoliciesOutput struct {
	Policies []managedView `json:"Policies"`
	pageOutput
}

// listPolicies lists managed policies by ARN: the account's, AWS's or both. No
// policy is a permissions boundary, so asking for those finds none.
func (s *Service) listPolicies() wire.Operation {
	return wire.Op("ListPolicies",
		func(*wire.Call, *listPoliciesInput) []wire.Access { return onPolicy("iam:ListPolicies", "*") },
		func(_ context.Context, _ *wire.Call, in *listPoliciesInput) (*listPoliciesOutput, error) {
			views := []managedView{}
			s.mu.RLock()
			for _, m := range s.managed {
				if in.wants(m) {
					views = append(views, m.view())
				}
			}
			s.mu.RUnlock()
			views, page, err := paginate(&in.pageInput, views, func(v managedView) string { return v.ARN })
			return &listPoliciesOutput{views, page}, err
		})
}

func (in *listPoliciesInput) wants(m *managedPolicy) bool {
	switch {
	case in.Scope == "AWS" && !m.byAWS(), in.Scope == "Local" && m.byAWS():
		return false
	case in.PolicyUsageFilter == "PermissionsBoundary":
		return false
	case in.OnlyAttached && m.attachments == 0:
		return false
	}
	return strings.HasPrefix(m.path, in.PathPrefix)
}
