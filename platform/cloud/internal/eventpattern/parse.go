package eventpattern

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

const (
	depthMax = 50   // objects in objects
	rulesMax = 1000 // combinations of $or
)

// parser reads a pattern token by token, so that a field given twice is seen.
type parser struct{ tokens *json.Decoder }

// value is a parsed JSON value: string, json.Number, bool, nil, list or members.
type (
	list    []any
	members []pair
	pair    struct {
		name  string
		value any
	}
)

func parse(text string) (*object, error) {
	if !utf8.ValidString(text) {
		return nil, errors.New("it is not valid UTF-8")
	}
	p := parser{json.NewDecoder(strings.NewReader(text))}
	p.tokens.UseNumber()
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if _, err := p.tokens.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the JSON object")
	}
	m, ok := v.(members)
	if !ok {
		return nil, errors.New("it is not a JSON object")
	}
	root := &object{names: map[string]int{}}
	if root.condition, err = root.compile(m, ""); err != nil {
		return nil, err
	}
	if root.rules() > rulesMax {
		return nil, fmt.Errorf("$or leads to more than %d combinations", rulesMax)
	}
	return root, nil
}

func (p parser) value(depth int) (any, error) {
	if depth > depthMax {
		return nil, fmt.Errorf("it nests deeper than %d", depthMax)
	}
	token, err := p.tokens.Token()
	if err != nil {
		return nil, fmt.Errorf("it is not valid JSON: %w", err)
	}
	switch token {
	case json.Delim('['):
		l := list{}
		for p.tokens.More() {
			v, err := p.value(depth + 1)
			if err != nil {
				return nil, err
			}
			l = append(l, v)
		}
		return l, p.end()
	case json.Delim('{'):
		return p.members(depth)
	}
	return token, nil
}

func (p parser) members(depth int) (members, error) {
	var m members
	seen := map[string]bool{}
	for p.tokens.More() {
		name, err := p.tokens.Token()
		if err != nil {
			return nil, fmt.Errorf("it is not valid JSON: %w", err)
		}
		text, isString := name.(string)
		if !isString {
			return nil, errors.New("it is not valid JSON: the name of a field is missing")
		}
		if seen[text] {
			return nil, fmt.Errorf("field %q stands twice in one object", text)
		}
		seen[text] = true
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		m = append(m, pair{text, v})
	}
	return m, p.end()
}

// end reads the delimiter that closes an array or object.
func (p parser) end() error {
	if _, err := p.tokens.Token(); err != nil {
		return fmt.Errorf("it is not valid JSON: %w", err)
	}
	return nil
}

// compile builds the condition of an object at a path; its fields get their
// index in o.
func (o *object) compile(m members, path string) (c condition, err error) {
	if len(m) == 0 {
		return c, fmt.Errorf("the object%s is empty", at(path))
	}
	for _, p := range m {
		if group, ok := alternatives(p); ok {
			or, err := o.compileOr(group, path)
			if err != nil {
				return c, err
			}
			c.ors = append(c.ors, or)
			continue
		}
		f, err := o.compileField(p, strings.TrimPrefix(path+"."+p.name, "."))
		if err != nil {
			return c, err
		}
		c.fields = append(c.fields, f)
	}
	return c, nil
}

func (o *object) compileField(p pair, path string) (f field, err error) {
	index, known := o.names[p.name]
	if !known {
		index = len(o.names)
		o.names[p.name] = index
	}
	f.index = index
	switch v := p.value.(type) {
	case list:
		f.leaf, err = compileLeaf(v, path)
	case members:
		f.nested = &object{names: map[string]int{}}
		f.nested.condition, err = f.nested.compile(v, path)
	default:
		err = fmt.Errorf("%q must be an object or an array", path)
	}
	return f, err
}

// alternatives reads "$or": a list of objects. Anything else of that name is
// a field like others, as on AWS.
func alternatives(p pair) ([]members, bool) {
	l, ok := p.value.(list)
	if p.name != "$or" || !ok || len(l) < 2 {
		return nil, false
	}
	group := make([]members, len(l))
	for i, v := range l {
		m, ok := v.(members)
		if !ok || (len(m) == 1 && isOperator(m[0].name)) {
			return nil, false
		}
		group[i] = m
	}
	return group, true
}

func (o *object) compileOr(group []members, path string) ([]condition, error) {
	or := make([]condition, len(group))
	for i, m := range group {
		var err error
		if or[i], err = o.compile(m, path); err != nil {
			return nil, err
		}
	}
	return or, nil
}

// rules counts how many patterns without $or a condition stands for, up to
// just above the limit.
func (c *condition) rules() int {
	n := 1
	for _, f := range c.fields {
		if f.nested != nil {
			n = min(n*f.nested.rules(), rulesMax+1)
		}
	}
	for _, group := range c.ors {
		sum := 0
		for i := range group {
			sum += group[i].rules()
		}
		n = min(n*sum, rulesMax+1)
	}
	return n
}

func at(path string) string {
	if path == "" {
		return ""
	}
	return " at " + path
}
