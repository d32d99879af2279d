package chaos

import (
	"errors"
	"fmt"
	"slices"

	"github.com/goccy/go-yaml/ast"
)

// problems collects what is wrong with a schedule.
type problems struct{ list []problem }

type problem struct {
	line int
	text string
}

func (p *problems) add(line int, format string, args ...any) {
	p.list = append(p.list, problem{line, fmt.Sprintf(format, args...)})
}

// err is every problem in the order of lines.
func (p *problems) err() error {
	slices.SortStableFunc(p.list, func(a, b problem) int { return a.line - b.line })
	errs := make([]error, len(p.list))
	for i, found := range p.list {
		errs[i] = fmt.Errorf("line %d: %s", found.line, found.text)
	}
	return errors.Join(errs...)
}

func lineOf(n ast.Node) int {
	if t := n.GetToken(); t != nil && t.Position != nil {
		return t.Position.Line
	}
	return 0
}

// entry is one key of a mapping.
type entry struct {
	key   string
	line  int
	value ast.Node
}

// entries are a mapping's keys, each once; ok is false if n is none.
func (p *problems) entries(n ast.Node) (list []entry, ok bool) {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		return nil, false
	}
	for _, v := range values {
		if v.Key == nil || v.Value == nil {
			p.add(lineOf(v), "a key without a value")
			continue
		}
		key, ok := scalar(v.Key)
		if !ok {
			p.add(lineOf(v.Key), "a key must be a plain word")
			continue
		}
		if slices.ContainsFunc(list, func(e entry) bool { return e.key == key }) {
			p.add(lineOf(v.Key), "%s is said twice", key)
			continue
		}
		list = append(list, entry{key, lineOf(v.Key), v.Value})
	}
	return list, true
}

// scalar is the text of a plain or quoted value.
func scalar(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return n.GetToken().Value, true
	}
	return "", false
}
