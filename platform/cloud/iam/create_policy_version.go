package iam

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type createPolicyVersionInput struct {
	PolicyARN      string `json:"PolicyArn"`
	PolicyDocument string `json:"PolicyDocument"`
	SetAsDefault   bool   `json:"SetAsDefault"`
}

// Validate checks the ARN and the document's characters.
func (in *createPolicyVersionInput) Validate() error {
	var c checks
	c.policyARN(in.PolicyARN)
	c.policy("policyDocument", in.PolicyDocument)
	return c.err()
}

type versionOutput struct {
	PolicyVersion versionView `json:"PolicyVersion"`
}

// createPolicyVersion adds a version, which decides nothing until it is the
// default one. Limits: five versions, 6,144 characters besides white space.
func (s *Service) createPolicyVersion() wire.Operation {
	return wire.Op("CreatePolicyVersion",
		func(_ *wire.Call, in *createPolicyVersionInput) []wire.Access {
			return onPolicy("iam:CreatePolicyVersion", in.PolicyARN)
		},
		func(_ context.Context, call *wire.Call, in *createPolicyVersionInput) (*versionOutput, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			m, err := s.lookUpOwn(call, in.PolicyARN)
			if err != nil {
				return nil, err
			}
			v, err := compileVersion(in.PolicyDocument, s.now())
			if err != nil {
				return nil, err
			}
			if len(m.versions) >= maxPolicyVersions {
				return nil, limitExceeded("A managed policy can have up to %d versions. Before you create a new version, "+
					"you must delete an existing version.", maxPolicyVersions)
			}
			m.add(v, in.SetAsDefault)
			m.updated = v.created
			s.keepPolicy(m)
			return &versionOutput{m.versionView(v)}, nil
		})
}
