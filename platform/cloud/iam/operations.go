package iam

import "github.com/weirstream/weir/platform/cloud/wire"

func (s *Service) iamOperations() []wire.Operation {
	return []wire.Operation{
		s.createUser(),
		s.getUser(),
		s.deleteUser(),
		s.listUsers(),
		s.createAccessKey(),
		s.listAccessKeys(),
		s.updateAccessKey(),
		s.deleteAccessKey(),
		s.putUserPolicy(),
		s.getUserPolicy(),
		s.deleteUserPolicy(),
		s.listUserPolicies(),
		s.createRole(),
		s.getRole(),
		s.deleteRole(),
		s.listRoles(),
		s.updateAssumeRolePolicy(),
		s.putRolePolicy(),
		s.getRolePolicy(),
		s.deleteRolePolicy(),
		s.listRolePolicies(),
		s.createPolicy(),
		s.getPolicy(),
		s.deletePolicy(),
		s.listPolicies(),
		s.createPolicyVersion(),
		s.getPolicyVersion(),
		s.listPolicyVersions(),
		s.deletePolicyVersion(),
		s.setDefaultPolicyVersion(),
		s.attachUserPolicy(),
		s.detachUserPolicy(),
		s.listAttachedUserPolicies(),
		s.attachRolePolicy(),
		s.detachRolePolicy(),
		s.listAttachedRolePolicies(),
		wire.Gap("PutUserPermissionsBoundary", "permissions boundaries"),
		wire.Gap("PutRolePermissionsBoundary", "permissions boundaries"),
	}
}

// empty is the output of actions that answer nothing but their success.
type empty struct{}
