package iam

import (
	"errors"
	"fmt"

	"github.com/weirstream/weir/platform/cloud/store"
)

func (s *Service) restorePolicies() error {
	return store.ScanJSON(s.data, []byte(policyPrefix), func(key []byte, k *keptPolicy) error {
		m := &managedPolicy{
			name: k.Name, path: k.Path, id: string(key[len(policyPrefix):]), arn: k.ARN, description: k.Description,
			created: k.Created, updated: k.Updated, standard: k.Standard, last: k.Last,
		}
		for _, v := range k.Versions {
			statements, err := parsePolicy(v.Text, nil)
			if err != nil {
				return s.data.Damaged(key, err)
			}
			m.versions = append(m.versions, &policyVersion{v.Number, v.Text, statements, v.Created})
		}
		if m.standing() == nil {
			return s.data.Damaged(key, errors.New("it has no default version"))
		}
		s.policies[nameKey(m.name)], s.managed[m.arn] = m, m
		return nil
	})
}

func (s *Service) restoreIdentity(key []byte, id string, k *keptIdentity) (identity, error) {
	out := identity{
		name: k.Name, path: k.Path, id: id, arn: k.ARN, created: k.Created,
		inline: make(map[string]*inlinePolicy),
	}
	for name, text := range k.Inline {
		statements, err := parsePolicy(text, nil)
		if err != nil {
			return out, s.data.Damaged(key, err)
		}
		out.inline[name] = &inlinePolicy{name, text, statements}
	}
	for _, arn := range k.Attached {
		m := s.managed[arn]
		if m == nil {
			return out, s.data.Damaged(key, fmt.Errorf("the policy %s is attached and does not exist", arn))
		}
		out.attached = append(out.attached, m)
		m.attachments++
	}
	return out, nil
}

func (s *Service) restoreUsers() error {
	return store.ScanJSON(s.data, []byte(userPrefix), func(key []byte, k *keptUser) error {
		id, err := s.restoreIdentity(key, string(key[len(userPrefix):]), &k.keptIdentity)
		if err != nil {
			return err
		}
		u := &user{identity: id}
		for _, keyID := range k.Keys {
			u.keys = append(u.keys, &accessKey{id: keyID, owner: u})
		}
		s.users[nameKey(u.name)], s.identities[u.id] = u, &u.identity
		return nil
	})
}

func (s *Service) restoreRoles() error {
	return store.ScanJSON(s.data, []byte(rolePrefix), func(key []byte, k *keptRole) error {
		id, err := s.restoreIdentity(key, string(key[len(rolePrefix):]), &k.keptIdentity)
		if err != nil {
			return err
		}
		r := &role{identity: id, description: k.Description, maxSessionDuration: k.SessionMax, trustText: k.Trust}
		r.trust, err = parsePolicy(k.Trust, func(name string) (trustee, error) {
			if id := k.Trusted[name]; id != "" {
				return trustee{arn: name, id: id}, nil
			}
			return s.resolveTrustee(name)
		})
		if err != nil {
			return s.data.Damaged(key, err)
		}
		s.roles[nameKey(r.name)], s.identities[r.id] = r, &r.identity
		return nil
	})
}

// restoreKey completes one of a user's keys.
func (s *Service) restoreKey(u *user, at int) error {
	key := u.keys[at]
	name := keyPrefix + key.id
	var k keptKey
	found, err := s.data.GetJSON([]byte(name), &k)
	if err != nil {
		return err
	}
	if !found || k.User != u.id {
		return s.data.Damaged([]byte(name), fmt.Errorf("user %s has the key and the entry is not there or another user's", u.name))
	}
	secret, err := s.data.Keyring().Open(secretsName, []byte(name), k.Secret)
	if err != nil {
		return s.data.Damaged([]byte(name), err)
	}
	key.secret, key.active, key.created = string(secret), k.Active, k.Created
	s.accessKeys[key.id] = key
	return nil
}
