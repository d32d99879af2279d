package iam

import (
	"cmp"
	"context"
	"net/http"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type createPolicyInput struct {
	PolicyName     string `json:"PolicyName"`
	Path           string `json:"Path"`
	PolicyDocument string `json:"PolicyDocument"`
	Description    string `json:"Description"`
	Tags           []tag  `json:"Tags"`
}

// Validate checks name, path and texts.
func (in *createPolicyInput) Validate() error {
	var c checks
	c.required("policyName", in.PolicyName, 128)
	c.path("path", in.Path)
	c.policy("policyDocument", in.PolicyDocument)
	if len(in.Description) > 1000 {
		c.Add("description", clip(in.Description), lengthAtMost(1000))
	}
	return c.err()
}

type policyOutput struct {
	Policy managedView `json:"Policy"`
}

func (s *Service) newPolicyARN(path, name string) string {
	return "arn:aws:iam::" + s.account + ":policy" + cmp.Or(path, "/") + name
}

// createPolicy adds a managed policy, attached to nobody, whose only version
// is its default one. Tags are refused. Limits: 1,500 policies, 6,144
// characters besides white space.
func (s *Service) createPolicy() wire.Operation {
	return wire.Op("CreatePolicy",
		func(_ *wire.Call, in *createPolicyInput) []wire.Access {
			return onPolicy("iam:CreatePolicy", s.newPolicyARN(in.Path, in.PolicyName))
		},
		func(_ context.Context, _ *wire.Call, in *createPolicyInput) (*policyOutput, error) {
			if len(in.Tags) > 0 {
				return nil, wire.NotImplemented("tags on policies")
			}
			v, err := compileVersion(in.PolicyDocument, s.now())
			if err != nil {
				return nil, err
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.policies[nameKey(in.PolicyName)] != nil {
				return nil, &wire.Error{
					Code: "EntityAlreadyExists", Status: http.StatusConflict,
					Message: "A policy called " + in.PolicyName + " already exists. Duplicate names are not allowed.",
				}
			}
			if len(s.policies) >= maxPolicies {
				return nil, limitExceeded("Cannot exceed quota for PoliciesPerAccount: %d", maxPolicies)
			}
			m := &managedPolicy{
				name: in.PolicyName, path: cmp.Or(in.Path, "/"), id: uniqueID("ANPA", 21),
				arn: s.newPolicyARN(in.Path, in.PolicyName), description: in.Description,
				created: v.created, updated: v.created,
			}
			m.add(v, true)
			s.policies[nameKey(m.name)] = m
			s.managed[m.arn] = m
			s.keepPolicy(m)
			return &policyOutput{m.view()}, nil
		})
}
