package iam

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// operator is a condition operator: how its values are compiled, and whether
// a match must not be.
type operator struct {
	negate    bool
	variables bool // AWS fills in policy variables for strings and ARNs only
	compile   func(t template, text string) (conditionValue, error)
}

// lookUpOperator finds an operator by its name without IfExists.
func lookUpOperator(name string) (op operator, known bool) {
	positive, negate := name, false
	switch name {
	case "StringNotEquals", "StringNotEqualsIgnoreCase", "StringNotLike",
		"ArnNotEquals", "ArnNotLike", "NumericNotEquals", "DateNotEquals":
		positive, negate = strings.Replace(name, "Not", "", 1), true
	case "NotIpAddress":
		positive, negate = "IpAddress", true
	}
	if kind, compare, ok := comparison(positive); ok {
		if kind == "Numeric" {
			return operator{negate, false, compileNumber(compare)}, true
		}
		return operator{negate, false, compileDate(compare)}, true
	}
	switch positive {
	case "StringEquals":
		return operator{negate, true, func(t template, _ string) (conditionValue, error) { return exactValue{t, false}, nil }}, true
	case "StringEqualsIgnoreCase":
		return operator{negate, true, func(t template, _ string) (conditionValue, error) { return exactValue{t, true}, nil }}, true
	case "StringLike":
		return operator{negate, true, func(t template, _ string) (conditionValue, error) { return newLikeText(t), nil }}, true
	case "ArnEquals", "ArnLike":
		return operator{negate, true, compileARN}, true
	case "IpAddress":
		return operator{negate, false, compileNetwork}, true
	case "Bool", "Null":
		return operator{negate, false, compileBool}, true
	}
	return operator{}, false
}

// comparison reads NumericLessThan, DateGreaterThanEquals and the like.
func comparison(name string) (kind string, accept ordering, ok bool) {
	kind = "Numeric"
	rest, ok := strings.CutPrefix(name, kind)
	if !ok {
		kind = "Date"
		if rest, ok = strings.CutPrefix(name, kind); !ok {
			return "", nil, false
		}
	}
	switch rest {
	case "Equals":
		return kind, func(c int) bool { return c == 0 }, true
	case "LessThan":
		return kind, func(c int) bool { return c < 0 }, true
	case "LessThanEquals":
		return kind, func(c int) bool { return c <= 0 }, true
	case "GreaterThan":
		return kind, func(c int) bool { return c > 0 }, true
	case "GreaterThanEquals":
		return kind, func(c int) bool { return c >= 0 }, true
	}
	return "", nil, false
}

func compileNumber(accept ordering) func(template, string) (conditionValue, error) {
	return func(_ template, text string) (conditionValue, error) {
		want, ok := parseNumber(text)
		if !ok {
			return nil, errors.New("must be a number")
		}
		return numberValue{want, accept}, nil
	}
}

func compileDate(accept ordering) func(template, string) (conditionValue, error) {
	return func(_ template, text string) (conditionValue, error) {
		want, ok := parseDate(text)
		if !ok {
			return nil, errors.New("must be an ISO 8601 date or seconds since 1970")
		}
		return dateValue{want, accept}, nil
	}
}

func compileARN(t template, text string) (conditionValue, error) {
	if t.fixed() && text != "*" && strings.Count(text, ":") < arnParts-1 {
		return nil, errors.New(`must be an ARN of six parts, or "*"`)
	}
	return newARNValue(t), nil
}

func compileNetwork(_ template, text string) (conditionValue, error) {
	prefix, ok := parseNetwork(text)
	if !ok {
		return nil, errors.New("must be an IP address or a CIDR range")
	}
	return networkValue{prefix}, nil
}

func compileBool(_ template, text string) (conditionValue, error) {
	if !strings.EqualFold(text, "true") && !strings.EqualFold(text, "false") {
		return nil, errors.New(`must be "true" or "false"`)
	}
	return boolValue{text}, nil
}

var conditionKeyPattern = regexp.MustCompile(`^[a-zA-Z0-9-]+:[!-~ ]+$`)

// conditions reads a Condition element: operators, each with keys, each with
// one value or a list.
func (p *policyParser) conditions(at string, v any) (list []condition) {
	block, ok := v.(*object)
	if !ok {
		p.problem(at, "must be an object")
		return nil
	}
	p.duplicates(at+".", block)
	for _, name := range block.keys {
		at := at + "." + name
		op, ifExists, ok := p.operator(at, name)
		if !ok {
			continue
		}
		keys, ok := block.values[name].(*object)
		if !ok || len(keys.keys) == 0 {
			p.problem(at, "must be an object of condition keys")
			continue
		}
		p.duplicates(at+".", keys)
		seen := map[string]bool{}
		for _, key := range keys.keys {
			at, folded := at+"."+clip(key), strings.ToLower(key)
			switch {
			case !conditionKeyPattern.MatchString(key):
				p.problem(at, "condition keys have a prefix, as in aws:username")
				continue
			case seen[folded]:
				p.problem(at, "given twice: condition keys are the same in either case")
				continue
			}
			seen[folded] = true
			list = append(list, condition{
				key: folded, negate: op.negate, ifExists: ifExists, isNull: name == "Null",
				values: p.conditionValues(at, op, keys.values[key]),
			})
		}
	}
	return list
}

func (p *policyParser) operator(at, name string) (op operator, ifExists, ok bool) {
	base, ifExists := strings.CutSuffix(name, "IfExists")
	set, _, isSet := strings.Cut(name, ":")
	switch {
	case isSet && (set == "ForAnyValue" || set == "ForAllValues"):
		p.problem(at, "%s is not supported by this cloud: none of its condition keys has several values", set)
		return op, false, false
	case base == "BinaryEquals":
		p.problem(at, "BinaryEquals is not supported by this cloud: none of its condition keys is binary")
		return op, false, false
	case base == "Null" && ifExists:
		p.problem(at, "Null asks whether the key exists, so it takes no IfExists")
		return op, false, false
	}
	op, ok = lookUpOperator(base)
	if !ok {
		p.problem(at, "unknown condition operator")
	}
	return op, ifExists, ok
}

func (p *policyParser) conditionValues(at string, op operator, v any) (values []conditionValue) {
	p.eachString(at, scalars(v), func(at, text string) {
		if !op.variables && p.variables() && strings.Contains(text, "${") {
			p.problem(at, "%q: policy variables work with string and ARN operators only", clip(text))
			return
		}
		t, err := parseTemplate(text, p.variables())
		var value conditionValue
		if err == nil {
			value, err = op.compile(t, text)
		}
		if err != nil {
			p.problem(at, "%v", err)
			return
		}
		values = append(values, value)
	})
	return values
}

// scalars turns the bare booleans and numbers that AWS accepts as condition
// values into strings.
func scalars(v any) any {
	switch v := v.(type) {
	case bool:
		return fmt.Sprint(v)
	case json.Number:
		return v.String()
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = item
			if _, nested := item.([]any); !nested {
				list[i] = scalars(item)
			}
		}
		return list
	}
	return v
}

// variables tells whether the policy's version has policy variables.
func (p *policyParser) variables() bool { return p.version == "2012-10-17" }
