package iam

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// trustee is one principal a role's trust policy names.
type trustee struct {
	anyone  bool   // "*"
	account bool   // the account's root: everyone in it whom their own policies let
	service string // lambda.amazonaws.com
	arn     string // a user, a role (all its sessions) or one assumed-role session
	id      string // of the user or role when the policy was put: a recreated name is not trusted
}

var servicePrincipal = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com$`)

func (p *policyParser) principals(at string, v any) (list []trustee) {
	if p.resolve == nil {
		p.problem(at, "an identity policy must not specify a principal")
		return nil
	}
	if v == "*" {
		return []trustee{{anyone: true}}
	}
	obj, ok := v.(*object)
	if !ok {
		p.problem(at, `must be "*" or an object`)
		return nil
	}
	p.duplicates(at+".", obj)
	if len(obj.keys) == 0 {
		p.problem(at, "must not be empty")
	}
	for _, kind := range obj.keys {
		at := at + "." + kind
		switch kind {
		case "AWS":
			p.eachString(at, obj.values[kind], func(at, name string) {
				t, err := p.resolve(name)
				if err != nil {
					p.problem(at, "%v", err)
				}
				list = append(list, t)
			})
		case "Service":
			p.eachString(at, obj.values[kind], func(at, name string) {
				if !servicePrincipal.MatchString(name) {
					p.problem(at, "invalid principal in policy: %q is not a service, as in lambda.amazonaws.com", clip(name))
				}
				list = append(list, trustee{service: name})
			})
		default:
			p.problem(at, "not supported by this cloud")
		}
	}
	return list
}

// resolveTrustee finds whom an AWS principal names. Callers hold s.mu.
func (s *Service) resolveTrustee(name string) (trustee, error) {
	switch name {
	case "*":
		return trustee{anyone: true}, nil
	case s.account, s.rootARN():
		return trustee{account: true}, nil
	}
	rest, isUser := strings.CutPrefix(name, "arn:aws:iam::"+s.account+":user/")
	if u := s.users[nameKey(lastSegment(rest))]; isUser && u != nil && u.arn == name {
		return trustee{arn: name, id: u.id}, nil
	}
	if r := s.roleByARN(name); r != nil {
		return trustee{arn: name, id: r.id}, nil
	}
	rest, isSession := strings.CutPrefix(name, "arn:aws:sts::"+s.account+":assumed-role/")
	roleName, sessionName, _ := strings.Cut(rest, "/")
	if r := s.roles[nameKey(roleName)]; isSession && r != nil && r.name == roleName && sessionName != "" {
		return trustee{arn: name, id: r.id}, nil
	}
	return trustee{}, fmt.Errorf("invalid principal in policy: %q is no user, role or session of account %s", clip(name), s.account)
}

// trustDecision is a trust policy's answer to a caller. named is true where an
// allowing statement names the caller itself, which within one account grants
// without a policy of the caller's own. Naming the account, or (U) anyone,
// leaves it to that policy.
func (r *role) trustDecision(p wire.Principal, action string, f *facts) (d decision, named bool) {
	action = strings.ToLower(action)
	for i := range r.trust {
		st := &r.trust[i]
		if !st.actions.match(action, nil) || !st.holds(f) {
			continue
		}
		for _, t := range st.principals {
			matched, exact := t.matches(p)
			if !matched {
				continue
			}
			d = max(d, st.effect())
			named = named || exact && !st.deny
		}
	}
	return d, named
}

func (t trustee) matches(p wire.Principal) (matched, exact bool) {
	switch {
	case t.anyone, t.account:
		return true, false
	case t.service != "" || p.Root:
		return false, false
	}
	holder, _, isSession := strings.Cut(p.UserID, ":")
	if holder != t.id {
		return false, false
	}
	oneSession := isSession && strings.HasPrefix(t.arn, "arn:aws:sts:")
	if oneSession && t.arn != p.ARN {
		return false, false
	}
	return true, true
}

// trustsService tells whether a service may act as the role.
func (r *role) trustsService(name string, f *facts) bool {
	d := implicitDeny
	for i := range r.trust {
		st := &r.trust[i]
		if !st.actions.match("sts:assumerole", nil) || !st.holds(f) {
			continue
		}
		for _, t := range st.principals {
			if t.service != "" && t.service == name || t.anyone && st.deny {
				d = max(d, st.effect())
			}
		}
	}
	return d == allow
}

func (s *Service) roleByARN(arn string) *role {
	rest, ok := strings.CutPrefix(arn, "arn:aws:iam::"+s.account+":role/")
	if !ok {
		return nil
	}
	r := s.roles[nameKey(lastSegment(rest))]
	if r == nil || r.arn != arn {
		return nil
	}
	return r
}

func lastSegment(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
