package iam

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// resolver turns a trust policy's AWS principal into the identity it names.
type resolver func(principal string) (trustee, error)

// parsePolicy compiles a policy document. A trust policy comes with a resolver
// of its principals; an identity policy with nil. Everything wrong with the
// document is said in one MalformedPolicyDocument, each with its path.
func parsePolicy(text string, resolve resolver) ([]statement, error) {
	p := policyParser{resolve: resolve}
	statements := p.document(text)
	if len(p.problems) > 0 {
		return nil, wire.Errorf("MalformedPolicyDocument", "Syntax errors in policy. %s", strings.Join(p.problems, "; "))
	}
	return statements, nil
}

type policyParser struct {
	resolve  resolver
	problems []string
	sids     map[string]string // statement id to the path that has it
	version  string
}

// maxProblems keeps the message of a hopeless document readable.
const maxProblems = 50

func (p *policyParser) problem(path, format string, args ...any) {
	switch message := fmt.Sprintf(format, args...); {
	case len(p.problems) == maxProblems:
		p.problems = append(p.problems, "and more")
	case len(p.problems) > maxProblems:
	case path == "":
		p.problems = append(p.problems, message)
	default:
		p.problems = append(p.problems, path+": "+message)
	}
}

func (p *policyParser) document(text string) []statement {
	root, err := parseTree(text)
	if err != nil {
		p.problem("", "%v", err)
		return nil
	}
	doc, ok := root.(*object)
	if !ok {
		p.problem("", "a policy must be a JSON object")
		return nil
	}
	p.duplicates("", doc)
	p.version = "2008-10-17"
	if v, found := doc.values["Version"]; found {
		switch v {
		case "2012-10-17", "2008-10-17":
			p.version = v.(string)
		default:
			p.problem("Version", `must be "2012-10-17" or "2008-10-17"`)
		}
	}
	var statements []statement
	for _, key := range doc.keys {
		switch key {
		case "Version":
		case "Id":
			if _, ok := doc.values[key].(string); !ok {
				p.problem(key, "must be a string")
			}
		case "Statement":
			statements = p.statements(doc.values[key])
		default:
			p.problem(key, "unknown element")
		}
	}
	if _, found := doc.values["Statement"]; !found {
		p.problem("Statement", "missing")
	}
	return statements
}

func (p *policyParser) statements(v any) []statement {
	p.sids = map[string]string{}
	list, isList := v.([]any)
	if !isList {
		return []statement{p.statement("Statement", v)}
	}
	if len(list) == 0 {
		p.problem("Statement", "must not be empty")
	}
	statements := make([]statement, 0, len(list))
	for i, item := range list {
		statements = append(statements, p.statement(fmt.Sprintf("Statement[%d]", i), item))
	}
	return statements
}

var sidPattern = regexp.MustCompile(`^[a-zA-Z0-9]*$`)

func (p *policyParser) statement(path string, v any) (st statement) {
	obj, ok := v.(*object)
	if !ok {
		p.problem(path, "must be an object")
		return st
	}
	p.duplicates(path+".", obj)
	for _, key := range obj.keys {
		at, value := path+"."+key, obj.values[key]
		switch key {
		case "Sid":
			p.sid(at, value)
		case "Effect":
			if value != "Allow" && value != "Deny" {
				p.problem(at, `must be "Allow" or "Deny"`)
			}
			st.deny = value == "Deny"
		case "Action", "NotAction":
			st.actions = patterns{p.actions(at, value), key == "NotAction"}
		case "Resource", "NotResource":
			if p.resolve != nil {
				p.problem(at, "a trust policy has no resource: it is the role itself")
				continue
			}
			st.resources = patterns{p.resources(at, value), key == "NotResource"}
		case "Principal":
			st.principals = p.principals(at, value)
		case "Condition":
			st.conditions = p.conditions(at, value)
		default:
			p.problem(at, "not supported")
		}
	}
	p.exactlyOne(path, obj, "Effect")
	p.exactlyOne(path, obj, "Action", "NotAction")
	if p.resolve == nil {
		p.exactlyOne(path, obj, "Resource", "NotResource")
	} else {
		p.exactlyOne(path, obj, "Principal")
	}
	return st
}

func (p *policyParser) duplicates(prefix string, obj *object) {
	for _, key := range obj.twice {
		p.problem(prefix+key, "given twice")
	}
}

func (p *policyParser) sid(at string, v any) {
	sid, ok := v.(string)
	if !ok || !sidPattern.MatchString(sid) {
		p.problem(at, "must be letters and digits")
		return
	}
	if first, taken := p.sids[sid]; taken && sid != "" {
		p.problem(at, "already used by %s", first)
	}
	p.sids[sid] = at
}

func (p *policyParser) exactlyOne(path string, obj *object, names ...string) {
	count := 0
	for _, name := range names {
		if _, found := obj.values[name]; found {
			count++
		}
	}
	if count != 1 {
		p.problem(path, "must have exactly one of %s", strings.Join(names, ", "))
	}
}

var actionPattern = regexp.MustCompile(`^(\*|\*:\*|[a-zA-Z0-9-]+:[a-zA-Z0-9*?]+)$`)

func (p *policyParser) actions(at string, v any) []likeText {
	var list []likeText
	p.eachString(at, v, func(at, action string) {
		switch {
		case !actionPattern.MatchString(action):
			p.problem(at, "%q: actions must be prefaced by a vendor, as in kinesis:PutRecord, or be *", clip(action))
		case p.resolve != nil && !strings.HasPrefix(strings.ToLower(action), "sts:"):
			p.problem(at, "%q: a trust policy may only specify sts actions", clip(action))
		default:
			compiled := compilePattern(strings.ToLower(action))
			list = append(list, likeText{compiled: &compiled})
		}
	})
	return list
}

func (p *policyParser) resources(at string, v any) []likeText {
	var list []likeText
	p.eachString(at, v, func(at, resource string) {
		t, err := parseTemplate(resource, p.variables())
		switch {
		case err != nil:
			p.problem(at, "%v", err)
		case resource != "*" && (!strings.HasPrefix(resource, "arn:") || strings.Count(resource, ":") < 5):
			p.problem(at, `resource %q must be in ARN format or "*"`, clip(resource))
		default:
			list = append(list, newLikeText(t))
		}
	})
	return list
}

// eachString visits a string or a list of at least one string.
func (p *policyParser) eachString(at string, v any, visit func(at, text string)) {
	switch v := v.(type) {
	case string:
		visit(at, v)
	case []any:
		if len(v) == 0 {
			p.problem(at, "must not be empty")
		}
		for i, item := range v {
			at := fmt.Sprintf("%s[%d]", at, i)
			text, ok := item.(string)
			if !ok {
				p.problem(at, "must be a string")
				continue
			}
			visit(at, text)
		}
	default:
		p.problem(at, "must be a string or a list of strings")
	}
}
