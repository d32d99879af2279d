package iam

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// deletePolicy removes a managed policy that is attached to nobody and has no
// version left but its default one.
func (s *Service) deletePolicy() wire.Operation {
	return wire.Op("DeletePolicy",
		func(_ *wire.Call, in *policyInput) []wire.Access { return onPolicy("iam:DeletePolicy", in.PolicyARN) },
		func(_ context.Context, call *wire.Call, in *policyInput) (empty, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			m, err := s.lookUpOwn(call, in.PolicyARN)
			switch {
			case err != nil:
				return empty{}, err
			case m.attachments > 0:
				return empty{}, conflict("Cannot delete a policy attached to entities.")
			case len(m.versions) > 1:
				return empty{}, conflict("This policy has more than one version. Before you delete a policy, " +
					"you must delete the policy's versions. The default version is deleted with the policy.")
			}
			delete(s.managed, m.arn)
			delete(s.policies, nameKey(m.name))
			s.keepGone(policyPrefix, m.id)
			return empty{}, nil
		})
}
