package chaos

import (
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// What a schedule may cost to read and to run.
const (
	scheduleBytesMax = 64 << 10
	faultsMax        = 1000
	nestingMax       = 100 // brackets in a row: the parser is recursive
	durationMax      = 24 * time.Hour
	recordsMax       = 500
	timesMax         = 1000
)

// Parse reads a schedule and says every problem at once, each with its line.
// Whether its targets exist only Plan can tell.
func Parse(data []byte) (Schedule, error) {
	switch {
	case len(data) > scheduleBytesMax:
		return Schedule{}, fmt.Errorf("a schedule of %d bytes: the limit is %d", len(data), scheduleBytesMax)
	case deep(data):
		return Schedule{}, fmt.Errorf("a schedule nested deeper than %d levels", nestingMax)
	}
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey()) // they are found here, with the rest
	if err != nil {
		return Schedule{}, fmt.Errorf("not YAML: %s", strings.TrimSpace(yaml.FormatError(err, false, false)))
	}
	var p problems
	schedule := p.schedule(file)
	return schedule, p.err()
}

// deep finds nesting before the parser meets it.
func deep(data []byte) bool {
	open, indicators := 0, 0
	for _, c := range data {
		switch c {
		case '[', '{':
			open++
		case ']', '}':
			open = max(0, open-1)
		case '-', '?', ':', '!', '&', '*':
			indicators++
			if indicators > nestingMax {
				return true
			}
			continue
		case ' ', '\t':
			continue
		}
		indicators = 0
		if open > nestingMax {
			return true
		}
	}
	return false
}

func (p *problems) schedule(file *ast.File) (s Schedule) {
	var docs []*ast.DocumentNode
	for _, doc := range file.Docs {
		if doc.Body != nil {
			docs = append(docs, doc)
		}
	}
	if len(docs) != 1 {
		p.add(1, "want one YAML document with the key faults, got %d", len(docs))
		return s
	}
	top, ok := p.entries(docs[0].Body)
	if !ok {
		p.add(lineOf(docs[0].Body), "want the key faults with a list")
		return s
	}
	found := false
	for _, e := range top {
		if e.key != "faults" {
			p.add(e.line, "unknown key %q; a schedule has faults alone", e.key)
			continue
		}
		found = true
		list, ok := e.value.(*ast.SequenceNode)
		switch {
		case !ok:
			p.add(e.line, "faults must be a list; an empty one is []")
		case len(list.Values) > faultsMax:
			p.add(e.line, "%d faults: the limit is %d", len(list.Values), faultsMax)
		default:
			for _, n := range list.Values {
				s.Faults = append(s.Faults, p.fault(n, e.line))
			}
		}
	}
	if !found {
		p.add(lineOf(docs[0].Body), "the key faults is missing")
	}
	return s
}
