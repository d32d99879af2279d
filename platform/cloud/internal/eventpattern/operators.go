package eventpattern

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
)

func isOperator(name string) bool {
	switch name {
	case "exists", "prefix", "suffix", "equals-ignore-case", "wildcard", "anything-but", "numeric", "cidr":
		return true
	}
	return false
}

func compileLeaf(l list, path string) (*leaf, error) {
	if len(l) == 0 {
		return nil, fmt.Errorf("the array at %s is empty", path)
	}
	out := &leaf{}
	for _, v := range l {
		if err := out.add(v); err != nil {
			return nil, fmt.Errorf("%w, at %s", err, path)
		}
	}
	return out, nil
}

func (l *leaf) add(v any) error {
	if literal, ok := literalOf(v); ok {
		l.equal.add(literal)
		return nil
	}
	m, ok := v.(members)
	if !ok {
		return errors.New("an array stands in an array")
	}
	if len(m) != 1 {
		return errors.New("an operator is an object with one field")
	}
	if m[0].name == "exists" {
		exists, ok := m[0].value.(bool)
		if !ok {
			return errors.New("exists takes true or false")
		}
		l.absent = l.absent || !exists
		if exists {
			l.tests = append(l.tests, present{})
		}
		return nil
	}
	t, err := compileOperator(m[0])
	if err == nil {
		l.tests = append(l.tests, t)
	}
	return err
}

// literalOf is a string, number, boolean or null of a pattern.
func literalOf(v any) (scalar, bool) {
	switch v := v.(type) {
	case string:
		return scalar{true, []byte(v)}, true
	case json.Number:
		return scalar{false, []byte(v)}, true
	case bool:
		return scalar{false, strconv.AppendBool(nil, v)}, true
	case nil:
		return scalar{false, []byte("null")}, true
	}
	return scalar{}, false
}

func compileOperator(p pair) (test, error) {
	switch p.name {
	case "anything-but":
		return compileAnythingBut(p.value)
	case "numeric":
		return compileNumeric(p.value)
	case "cidr":
		return compileCIDR(p.value)
	default:
		return compileText(p)
	}
}

// compileText builds the operators on strings.
func compileText(p pair) (test, error) {
	text, ok := p.value.(string)
	fold := false
	if m, nested := p.value.(members); nested && len(m) == 1 && m[0].name == "equals-ignore-case" && (p.name == "prefix" || p.name == "suffix") {
		text, ok = m[0].value.(string)
		fold = true
	}
	switch {
	case !isOperator(p.name):
		return nil, fmt.Errorf("there is no operator %q", p.name)
	case !ok:
		return nil, fmt.Errorf("%s takes a string", p.name)
	case p.name == "prefix" && fold:
		return prefixFold(text), nil
	case p.name == "prefix":
		return prefix(text), nil
	case p.name == "suffix" && fold:
		return suffixFold(text), nil
	case p.name == "suffix":
		return suffix(text), nil
	case p.name == "equals-ignore-case":
		return equalFold(text), nil
	default:
		return compileWildcard(text)
	}
}

// compileWildcard splits at the stars; a backslash makes a star or a backslash
// a character like others.
func compileWildcard(text string) (test, error) {
	parts := wildcard{nil}
	star := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '*' && star:
			return nil, errors.New("two stars of a wildcard follow each other")
		case c == '*':
			parts = append(parts, nil)
			star = true
			continue
		case c == '\\':
			if i++; i == len(text) || (text[i] != '*' && text[i] != '\\') {
				return nil, errors.New(`a wildcard's backslash stands before neither * nor \`)
			}
		}
		star = false
		last := len(parts) - 1
		parts[last] = append(parts[last], text[i])
	}
	return parts, nil
}

// compileAnythingBut takes a string, a number, a list of either, or an
// operator on strings that itself takes one string or a list.
func compileAnythingBut(v any) (test, error) {
	switch v := v.(type) {
	case string, json.Number:
		return excluding(list{v})
	case list:
		return excluding(v)
	case members:
		if len(v) == 1 {
			return excludingText(v[0])
		}
	}
	return nil, errors.New("anything-but takes a string, a number, a list of either, or an operator on strings")
}

func excluding(l list) (test, error) {
	var out anythingBut
	texts := 0
	for _, v := range l {
		literal, ok := literalOf(v)
		if _, isBool := v.(bool); !ok || v == nil || isBool {
			return nil, errors.New("anything-but takes strings or numbers")
		}
		if literal.isString {
			texts++
		}
		out.equal.add(literal)
	}
	if len(l) == 0 || (texts != 0 && texts != len(l)) {
		return nil, errors.New("anything-but takes a list of strings or a list of numbers")
	}
	return out, nil
}

func excludingText(p pair) (test, error) {
	switch p.name {
	case "prefix", "suffix", "equals-ignore-case", "wildcard":
	default:
		return nil, fmt.Errorf("anything-but knows no operator %q", p.name)
	}
	texts, ok := p.value.(list)
	if !ok {
		texts = list{p.value}
	}
	var out anythingBut
	for _, text := range texts {
		if text == "" {
			return nil, fmt.Errorf("anything-but takes no empty %s", p.name)
		}
		t, err := compileText(pair{p.name, text})
		if err != nil {
			return nil, err
		}
		out.tests = append(out.tests, t)
	}
	if len(out.tests) == 0 {
		return nil, fmt.Errorf("the list of %s is empty", p.name)
	}
	return out, nil
}

func compileCIDR(v any) (test, error) {
	text, ok := v.(string)
	network, err := netip.ParsePrefix(text)
	if address, single := netip.ParseAddr(text); err != nil && single == nil && address.Zone() == "" {
		network, err = address.Prefix(address.BitLen())
	}
	if !ok || err != nil || network.Addr().Is4In6() {
		return nil, errors.New("cidr takes an IP address range such as 10.0.0.0/24")
	}
	return cidr(network.Masked()), nil
}
