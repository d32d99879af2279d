package iam

import (
	"cmp"
	"strings"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

const maxUsers = 5000 // AWS's quota UsersPerAccount

// userView is a user as replies show it.
type userView struct {
	Path       string    `json:"Path"`
	UserName   string    `json:"UserName,omitempty"`
	UserID     string    `json:"UserId"`
	ARN        string    `json:"Arn"`
	CreateDate time.Time `json:"CreateDate"`
}

func (u *user) view() userView {
	return userView{u.path, u.name, u.id, u.arn, u.created}
}

// userInput is the input of actions on one named user.
type userInput struct {
	UserName string `json:"UserName"`
}

// Validate checks a required name.
func (in *userInput) Validate() error {
	var c checks
	c.required("userName", in.UserName, 64)
	return c.err()
}

// lookUpUser needs s.mu.
func (s *Service) lookUpUser(name string) (*user, error) {
	if u := s.users[nameKey(name)]; u != nil {
		return u, nil
	}
	return nil, noSuchEntity("user with name", name)
}

func (s *Service) newUserARN(path, name string) string {
	return "arn:aws:iam::" + s.account + ":user" + cmp.Or(path, "/") + name
}

// userARN is what a policy on an existing user must match; one that does not
// exist is asked for at the default path.
func (s *Service) userARN(name string) string {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if u := s.users[nameKey(name)]; u != nil {
		return u.arn
	}
	return s.newUserARN("", name)
}

// onUser is the permission for an action on one user; without a name it is
// about the caller.
func (s *Service) onUser(action string, call *wire.Call, name string) []wire.Access {
	resource := call.Principal.ARN
	if name != "" {
		resource = s.userARN(name)
	}
	return []wire.Access{{Action: action, Resource: resource}}
}

// self is the user that a call without a user name is about: the caller. It is
// nil for the root. Callers hold s.mu.
func (s *Service) self(p wire.Principal) (*user, error) {
	if p.Root {
		return nil, nil
	}
	rest, ok := strings.CutPrefix(p.ARN, "arn:aws:iam::"+s.account+":user/")
	if !ok {
		return nil, validationError("Must specify userName when calling with non-User credentials")
	}
	return s.lookUpUser(lastSegment(rest))
}

// userOrSelf is the named user, or the caller. Callers hold s.mu.
func (s *Service) userOrSelf(call *wire.Call, name string) (*user, error) {
	if name == "" {
		return s.self(call.Principal)
	}
	return s.lookUpUser(name)
}

// optionalUserInput is the input of actions whose user defaults to the caller.
type optionalUserInput struct {
	UserName string `json:"UserName"`
}

// Validate checks a name, if one is given.
func (in *optionalUserInput) Validate() error {
	var c checks
	c.name("userName", in.UserName, 64)
	return c.err()
}
