package iam

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// Authorize tells whether a call's principal may use a: nil, or AWS's
// AccessDenied. It looks at the policies as they are now, also for sessions
// made earlier, and asks the call for what their conditions want to know.
func (s *Service) Authorize(call *wire.Call, a wire.Access) error {
	p := &call.Principal
	if p.Root {
		return nil
	}
	id, _, _ := strings.Cut(p.UserID, ":")
	return denied(s.decide(id, a, &facts{service: s, principal: p, call: call}), p.ARN, a)
}

// AuthorizeRole asks the same of a role that a service acts for without a
// session, as an event source mapping does with its function's role. There is
// no request, so conditions find no address, agent or user id.
func (s *Service) AuthorizeRole(roleARN string, a wire.Access) error {
	s.mu.RLock()
	r := s.roleByARN(roleARN)
	s.mu.RUnlock()
	if r == nil {
		return denied(implicitDeny, roleARN, a)
	}
	p := wire.Principal{AccountID: s.account, ARN: roleARN}
	return denied(s.decide(r.id, a, &facts{service: s, principal: &p}), roleARN, a)
}

func (s *Service) decide(id string, a wire.Access, f *facts) decision {
	f.own = a.Fact
	req := newRequest(a.Action, a.Resource, f)
	s.mu.RLock()
	defer s.mu.RUnlock()
	holder := s.identities[id]
	if holder == nil { // deleted since its session began
		return implicitDeny
	}
	f.principalARN = holder.arn
	return holder.evaluate(req)
}

func denied(d decision, arn string, a wire.Access) error {
	if d == allow {
		return nil
	}
	message := "User: " + arn + " is not authorized to perform: " + a.Action + " on resource: " + a.Resource
	if d == explicitDeny {
		message += " with an explicit deny in an identity-based policy"
	} else {
		message += " because no identity-based policy allows the " + a.Action + " action"
	}
	return deniedSpelling(a.Action).accessDenied(message)
}

// deniedSpelling goes by the action's service. iam:PassRole is never a call of
// its own: the service that was handed the role asks for it and answers.
func deniedSpelling(action string) spelling {
	service, _, _ := strings.Cut(action, ":")
	if action == "iam:PassRole" {
		service = "lambda"
	}
	return spellingOf(&http.Request{URL: &url.URL{}}, service)
}
