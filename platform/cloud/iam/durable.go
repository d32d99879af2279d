package iam

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"maps"
	"time"

	"github.com/weirstream/weir/platform/cloud/store"
)

// On disk every user, role and policy is one entry, named by its unique id, and
// every access key another, whose secret is encrypted.
const (
	userPrefix   = "iam/user/"   // AIDA…
	rolePrefix   = "iam/role/"   // AROA…
	policyPrefix = "iam/policy/" // ANPA…
	keyPrefix    = "iam/key/"    // AKIA…
	rootName     = "iam/root"
	sessionsName = "iam/sessions"
)

type keptIdentity struct {
	Name     string            `json:"name"`
	Path     string            `json:"path"`
	ARN      string            `json:"arn"`
	Created  time.Time         `json:"created"`
	Inline   map[string]string `json:"inline,omitempty"`   // text by name
	Attached []string          `json:"attached,omitempty"` // ARNs, in the order they came
}

type keptUser struct {
	keptIdentity
	Keys []string `json:"keys,omitempty"` // ids, oldest first
}

type keptRole struct {
	keptIdentity
	Description string        `json:"description,omitempty"`
	SessionMax  time.Duration `json:"session_max"`
	Trust       string        `json:"trust"`
	// Trusted are the unique ids of the users and roles that the trust policy
	// named when it was put, by ARN: namesakes made since are not trusted.
	Trusted map[string]string `json:"trusted,omitempty"`
}

type keptPolicy struct {
	Name        string        `json:"name"`
	Path        string        `json:"path"`
	ARN         string        `json:"arn"`
	Description string        `json:"description,omitempty"`
	Created     time.Time     `json:"created"`
	Updated     time.Time     `json:"updated"`
	Versions    []keptVersion `json:"versions"` // oldest first
	Standard    int           `json:"standard"`
	Last        int           `json:"last"`
}

type keptVersion struct {
	Number  int       `json:"number"`
	Text    string    `json:"text"`
	Created time.Time `json:"created"`
}

type keptKey struct {
	User    string    `json:"user"` // AIDA…
	Secret  []byte    `json:"secret"`
	Active  bool      `json:"active"`
	Created time.Time `json:"created"`
}

// keptRoot is what a start decides for the root and later ones find.
type keptRoot struct {
	Created time.Time `json:"created"`
}

// keptSessions is the key that seals session tokens.
type keptSessions struct {
	Key []byte `json:"key"`
}

// keep stages changes. Callers hold s.mu.
func (s *Service) keep(fn func(*store.Changes)) { s.data.Stage(fn) }

// secretsName is the name of the key that encrypts secrets.
const secretsName = "iam"

// seal encrypts a secret for the entry called name.
func (s *Service) seal(name string, secret []byte) []byte {
	return s.data.Keyring().Seal(secretsName, []byte(name), secret)
}

func (id *identity) kept() keptIdentity {
	k := keptIdentity{Name: id.name, Path: id.path, ARN: id.arn, Created: id.created, Inline: make(map[string]string)}
	for name, policy := range id.inline {
		k.Inline[name] = policy.text
	}
	for _, m := range id.attached {
		k.Attached = append(k.Attached, m.arn)
	}
	return k
}

// keepUser stages a user that was made or changed. Callers hold s.mu.
func (s *Service) keepUser(u *user) {
	s.keep(func(c *store.Changes) { c.PutJSON([]byte(userPrefix+u.id), u.kept()) })
}

func (u *user) kept() keptUser {
	k := keptUser{keptIdentity: u.identity.kept()}
	for _, key := range u.keys {
		k.Keys = append(k.Keys, key.id)
	}
	return k
}

// keepRole stages a role that was made or changed. Callers hold s.mu.
func (s *Service) keepRole(r *role) {
	s.keep(func(c *store.Changes) {
		k := keptRole{
			keptIdentity: r.kept(), Description: r.description, SessionMax: r.maxSessionDuration,
			Trust: r.trustText, Trusted: make(map[string]string),
		}
		for _, st := range r.trust {
			for _, t := range st.principals {
				if t.id != "" {
					k.Trusted[t.arn] = t.id
				}
			}
		}
		c.PutJSON([]byte(rolePrefix+r.id), k)
	})
}

// keepPolicy stages a managed policy that was made or changed. Callers hold s.mu.
func (s *Service) keepPolicy(m *managedPolicy) {
	s.keep(func(c *store.Changes) {
		k := keptPolicy{
			Name: m.name, Path: m.path, ARN: m.arn, Description: m.description,
			Created: m.created, Updated: m.updated, Standard: m.standard, Last: m.last,
		}
		for _, v := range m.versions {
			k.Versions = append(k.Versions, keptVersion{v.number, v.text, v.created})
		}
		c.PutJSON([]byte(policyPrefix+m.id), k)
	})
}

// keepKey stages a key that was made or changed, and its owner, who lists it.
// Callers hold s.mu.
func (s *Service) keepKey(key *accessKey) {
	s.keep(func(c *store.Changes) {
		name := keyPrefix + key.id
		c.PutJSON([]byte(name), keptKey{key.owner.id, s.seal(name, []byte(key.secret)), key.active, key.created})
		c.PutJSON([]byte(userPrefix+key.owner.id), key.owner.kept())
	})
}

// keepKeyGone stages that a key is deleted. Callers hold s.mu.
func (s *Service) keepKeyGone(key *accessKey) {
	s.keep(func(c *store.Changes) {
		c.Delete([]byte(keyPrefix + key.id))
		c.PutJSON([]byte(userPrefix+key.owner.id), key.owner.kept())
	})
}

// keepGone stages that a user, role or policy is deleted. Callers hold s.mu.
func (s *Service) keepGone(prefix, id string) {
	s.keep(func(c *store.Changes) { c.Delete([]byte(prefix + id)) })
}

// restoreRoot finds, or makes, what outlives a start that was not asked for by
// a call: when the root came to be, and the key of session tokens.
func (s *Service) restoreRoot() (created time.Time, err error) {
	root := keptRoot{Created: s.now()}
	found, err := s.data.GetJSON([]byte(rootName), &root)
	if err != nil {
		return created, err
	}
	var sessions keptSessions
	if found {
		_, err = s.data.GetJSON([]byte(sessionsName), &sessions)
	}
	if err != nil {
		return created, err
	}
	key := make([]byte, 32)
	rand.Read(key) // never fails, as documented
	if found {
		key, err = s.data.Keyring().Open(secretsName, []byte(sessionsName), sessions.Key)
	}
	if err != nil {
		return created, s.data.Damaged([]byte(sessionsName), err)
	}
	if !found && s.data != nil {
		s.keep(func(c *store.Changes) {
			c.PutJSON([]byte(rootName), root)
			c.PutJSON([]byte(sessionsName), keptSessions{s.seal(sessionsName, key)})
		})
	}
	s.tokens, err = newSealer(key)
	return root.Created, err
}

// derivedID is an AWS-style id that is the same at every start.
func derivedID(prefix, of string, length int) string {
	sum := sha256.Sum256([]byte(of))
	return prefix + base32.StdEncoding.EncodeToString(sum[:])[:length-len(prefix)]
}

// restore reads what an earlier process left. It is called before any other.
func (s *Service) restore() error {
	if err := s.restorePolicies(); err != nil {
		return err
	}
	if err := s.restoreUsers(); err != nil {
		return err
	}
	if err := s.restoreRoles(); err != nil {
		return err
	}
	for u := range maps.Values(s.users) {
		for i := range u.keys {
			if err := s.restoreKey(u, i); err != nil {
				return err
			}
		}
	}
	return nil
}
