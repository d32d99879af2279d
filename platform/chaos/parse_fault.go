package chaos

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"
)

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
