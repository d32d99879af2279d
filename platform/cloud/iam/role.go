package iam

import (
	"cmp"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

const maxRoles = 1000 // AWS's quota RolesPerAccount

// roleView is a role as replies show it.
type roleView struct {
	Path                     string    `json:"Path"`
	RoleName                 string    `json:"RoleName"`
	RoleID                   string    `json:"RoleId"`
	ARN                      string    `json:"Arn"`
	CreateDate               time.Time `json:"CreateDate"`
	AssumeRolePolicyDocument string    `json:"AssumeRolePolicyDocument"` // percent-encoded
	Description              string    `json:"Description,omitempty"`
	MaxSessionDuration       int32     `json:"MaxSessionDuration"`
}

func (r *role) view() roleView {
	return roleView{
		Path: r.path, RoleName: r.name, RoleID: r.id, ARN: r.arn, CreateDate: r.created,
		AssumeRolePolicyDocument: encodePolicy(r.trustText),
		Description:              r.description,
		MaxSessionDuration:       int32(r.maxSessionDuration / time.Second),
	}
}

// roleInput is the input of actions on one role.
type roleInput struct {
	RoleName string `json:"RoleName"`
}

// Validate checks the name.
func (in *roleInput) Validate() error {
	var c checks
	c.required("roleName", in.RoleName, 64)
	return c.err()
}

// lookUpRole needs s.mu.
func (s *Service) lookUpRole(name string) (*role, error) {
	if r := s.roles[nameKey(name)]; r != nil {
		return r, nil
	}
	return nil, noSuchEntity("role with name", name)
}

func (s *Service) newRoleARN(path, name string) string {
	return "arn:aws:iam::" + s.account + ":role" + cmp.Or(path, "/") + name
}

// onRole is the permission for an action on one role; one that does not exist
// is asked for at the default path.
func (s *Service) onRole(action, name string) []wire.Access {
	s.mu.RLock()
	defer s.mu.RUnlock()
	resource := s.newRoleARN("", name)
	if r := s.roles[nameKey(name)]; r != nil {
		resource = r.arn
	}
	return []wire.Access{{Action: action, Resource: resource}}
}

// setTrust replaces the trust policy, unless it is malformed or too long.
// Callers hold s.mu.
func (s *Service) setTrust(r *role, text string) error {
	trust, err := parsePolicy(text, s.resolveTrustee)
	if err != nil {
		return err
	}
	if countPolicy(text) > maxTrustPolicyChars {
		return limitExceeded("Cannot exceed quota for ACLSizePerRole: %d", maxTrustPolicyChars)
	}
	r.trustText, r.trust = text, trust
	return nil
}
