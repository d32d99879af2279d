package chaos

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
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

// fault reads one entry of the list.
func (p *problems) fault(n ast.Node, parent int) (f Fault) {
	if n == nil {
		p.add(parent, "a fault is empty")
		return f
	}
	f.Line = lineOf(n)
	list, ok := p.entries(n)
	if !ok {
		p.add(f.Line, "a fault must be a mapping such as {at: 30%%, kind: kill, target: functions}")
		return f
	}
	if len(list) > 0 {
		f.Line = list[0].line
	}
	said := map[string]int{}
	for _, e := range list {
		said[e.key] = e.line
		p.field(&f, e)
	}
	p.complete(&f, said)
	return f
}

// field reads one parameter.
func (p *problems) field(f *Fault, e entry) {
	text, ok := scalar(e.value)
	if !ok {
		p.add(e.line, "%s must be a plain value", e.key)
		return
	}
	var err error
	switch e.key {
	case "at":
		f.At, err = parseOffset(text, true)
	case "spread":
		f.Spread, err = parseOffset(text, false)
	case "for":
		f.For, err = parseOffset(text, false)
	case "kind":
		f.Kind = Kind(text)
	case "target":
		f.Target, err = parseName(text)
	case "operation":
		f.Operation, err = parseName(text)
	case "rate":
		f.Rate, err = parseRate(text)
	case "code":
		f.Code = text
		if text != codeInternal && text != codeUnavailable {
			err = fmt.Errorf("want %s or %s", codeInternal, codeUnavailable)
		}
	case "delay":
		f.Delay, err = parseDuration(text)
	case "jitter":
		f.Jitter, err = parseDuration(text)
	case "every":
		f.Every, err = parseDuration(text)
	case "by":
		f.By, err = parseDuration(strings.TrimPrefix(text, "-"))
		if strings.HasPrefix(text, "-") {
			f.By = -f.By
		}
	case "records":
		f.Records, err = parseCount(text, recordsMax)
	case "times":
		f.Times, err = parseCount(text, timesMax)
	case "pick":
		f.Pick, err = parseCount(text, faultsMax)
	default:
		p.add(e.line, "unknown parameter %q", e.key)
	}
	if err != nil {
		p.add(e.line, "%s: %q: %v", e.key, text, err)
	}
}

// The errors that kind error answers with.
const (
	codeInternal    = "InternalFailure"
	codeUnavailable = "ServiceUnavailable"
)

// complete checks a fault as a whole and fills in defaults.
func (p *problems) complete(f *Fault, said map[string]int) {
	if _, ok := said["at"]; !ok {
		p.add(f.Line, "at is missing: when it begins, as 3s or 30%%")
	}
	if _, ok := said["target"]; !ok {
		p.add(f.Line, "target is missing: a name, or all of a kind: %s", allWords())
	}
	if f.Kind == "" {
		p.add(f.Line, "kind is missing: one of %s", kindNames())
		return
	}
	r, ok := rulesOf(f.Kind)
	if !ok {
		p.add(said["kind"], "kind %q is unknown; there are %s", f.Kind, kindNames())
		return
	}
	general := []string{"at", "spread", "kind", "target", "pick"}
	for name, line := range said {
		if known := slices.Contains(parameters(), name); known && !slices.Contains(general, name) && !slices.Contains(r.takes, name) {
			p.add(line, "%s has no %s", f.Kind, name)
		}
	}
	for _, name := range r.needs {
		if _, ok := said[name]; !ok {
			p.add(f.Line, "%s needs %s", f.Kind, name)
		}
	}
	if k, ok := group(f.Target); ok && !slices.Contains(r.targets, k) {
		p.add(said["target"], "%s hits a %s, not %s", f.Kind, joinKinds(r.targets), f.Target)
	}
	if _, ok := group(f.Target); !ok && f.Pick > 0 {
		p.add(said["pick"], "pick draws from all targets of a kind; target is %q, and %s are such words", f.Target, allWords())
	}
	takes := func(name string) bool { return slices.Contains(r.takes, name) }
	if takes("rate") && f.Rate == 0 {
		f.Rate = 1
	}
	if takes("code") && f.Code == "" {
		f.Code = codeInternal
	}
	if takes("records") && f.Records == 0 {
		f.Records = 1
	}
	if takes("times") && f.Times == 0 {
		f.Times = 1
	}
	if f.Times > 1 && f.Every == 0 {
		f.Every = 500 * time.Millisecond
	}
}

func parameters() []string {
	return []string{
		"at", "spread", "for", "kind", "target", "operation", "rate", "code",
		"delay", "jitter", "records", "times", "every", "by", "pick",
	}
}

// parseOffset reads 3s or 30%.
func parseOffset(text string, zero bool) (Offset, error) {
	if percent, ok := strings.CutSuffix(text, "%"); ok {
		share, err := strconv.ParseFloat(strings.TrimSpace(percent), 64)
		if err != nil || !(share >= 0 && share <= 100) || share == 0 && !zero {
			return Offset{}, errors.New("want a percentage up to 100%")
		}
		return Offset{Share: share / 100}, nil
	}
	d, err := parseDuration(text)
	if zero && err != nil && (text == "0" || text == "0s") {
		return Offset{}, nil
	}
	return Offset{Duration: d}, err
}

// parseName reads what AWS takes for a name.
func parseName(text string) (string, error) {
	odd := strings.ContainsFunc(text, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("-_.", c)
	})
	if odd || text == "" || len(text) > 128 {
		return "", errors.New("want a name of letters, digits, '-', '_' and '.'")
	}
	return text, nil
}

func parseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 || d > durationMax {
		return 0, errors.New("want a duration such as 250ms or 3s, above 0, at most 24h")
	}
	return d, nil
}

func parseRate(text string) (float64, error) {
	rate, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(rate) || rate <= 0 || rate > 1 {
		return 0, errors.New("want a share of the calls, above 0, at most 1")
	}
	return rate, nil
}

func parseCount(text string, limit int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > limit {
		return 0, fmt.Errorf("want a whole number from 1 to %d", limit)
	}
	return n, nil
}
