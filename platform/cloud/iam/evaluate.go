package iam

import "strings"

// statement is one compiled statement of an identity or trust policy.
type statement struct {
	deny       bool
	actions    patterns
	resources  patterns // identity policies only; a trust policy's resource is its role
	principals []trustee
	conditions []condition
}

// patterns is an Action, NotAction, Resource or NotResource element.
type patterns struct {
	list   []likeText
	negate bool // a Not… element: everything that matches none
}

func (p patterns) match(text string, f *facts) bool {
	for _, candidate := range p.list {
		if candidate.matches(text, f) {
			return !p.negate
		}
	}
	return p.negate
}

// request is what a policy is asked about.
type request struct {
	action   string // lower case: actions match regardless of case
	resource string
	facts    *facts
}

func newRequest(action, resource string, f *facts) request {
	return request{strings.ToLower(action), resource, f}
}

// decision is a policy's answer. The greater one wins.
type decision int

const (
	implicitDeny decision = iota
	allow
	explicitDeny
)

func (st *statement) effect() decision {
	if st.deny {
		return explicitDeny
	}
	return allow
}

// holds tells whether every condition of the statement does.
func (st *statement) holds(f *facts) bool {
	for i := range st.conditions {
		if !st.conditions[i].holds(f) {
			return false
		}
	}
	return true
}

// evaluate answers for one policy's statements.
func evaluate(statements []statement, req request) decision {
	result := implicitDeny
	for i := range statements {
		st := &statements[i]
		if st.actions.match(req.action, nil) && st.resources.match(req.resource, req.facts) && st.holds(req.facts) {
			result = max(result, st.effect())
		}
	}
	return result
}

// evaluate answers for all policies of an identity.
func (id *identity) evaluate(req request) decision {
	result := implicitDeny
	for _, policy := range id.inline {
		result = max(result, evaluate(policy.statements, req))
	}
	for _, policy := range id.attached {
		result = max(result, evaluate(policy.standing().statements, req))
	}
	return result
}
