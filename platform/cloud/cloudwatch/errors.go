package cloudwatch

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// The errors have two names: of the service's model, and of the query protocol
// that it spoke before, by which SDKs still know them.

func invalidValue(format string, args ...any) *wire.Error {
	return &wire.Error{
		Code: "InvalidParameterValueException", QueryCode: "InvalidParameterValue",
		Message: fmt.Sprintf(format, args...),
	}
}

func missingParameter(name string) *wire.Error {
	return &wire.Error{
		Code: "MissingRequiredParameterException", QueryCode: "MissingParameter",
		Message: "The parameter " + name + " is required.",
	}
}

func invalidCombination(format string, args ...any) *wire.Error {
	return &wire.Error{
		Code: "InvalidParameterCombinationException", QueryCode: "InvalidParameterCombination",
		Message: fmt.Sprintf(format, args...),
	}
}

func invalidToken() *wire.Error {
	return &wire.Error{Code: "InvalidNextToken", QueryCode: "InvalidNextToken", Message: "The NextToken is not one that this operation gave."}
}

// problems collects what is wrong with one input; all of it is said at once,
// under the code of the first. That AWS words them like this is unverified.
type problems struct{ list []*wire.Error }

func (p *problems) add(err *wire.Error) { p.list = append(p.list, err) }

func (p *problems) err() error {
	if len(p.list) == 0 {
		return nil
	}
	all := *p.list[0]
	text := make([]string, 0, len(p.list))
	for i, e := range p.list {
		if i == 20 {
			text = append(text, fmt.Sprintf("And %d more.", len(p.list)-i))
			break
		}
		text = append(text, e.Message)
	}
	all.Message = strings.Join(text, "\n")
	return &all
}

func (p *problems) require(name string, given bool) bool {
	if !given {
		p.add(missingParameter(name))
	}
	return given
}

// most refuses a collection of more than limit elements.
func (p *problems) most(name string, size, limit int) bool {
	if size > limit {
		p.add(invalidValue("The collection %s must not have a size greater than %d.", name, limit))
		return false
	}
	return true
}

// text checks a name: its length, and that it can be printed.
func (p *problems) text(name string, value *string, most int) {
	switch {
	case !p.require(name, value != nil):
	case *value == "" || utf8.RuneCountInString(*value) > most:
		p.add(invalidValue("The value %.300q for parameter %s is invalid: want 1 to %d characters.", *value, name, most))
	case strings.ContainsFunc(*value, unicode.IsControl):
		p.add(invalidValue("The value %.300q for parameter %s contains control characters.", *value, name))
	}
}

// label checks a dimension's name or value, which AWS wants in ASCII.
func (p *problems) label(name string, value string, most int) {
	p.text(name, &value, most)
	switch {
	case strings.ContainsFunc(value, func(r rune) bool { return r > unicode.MaxASCII }):
		p.add(invalidValue("The value %.300q for parameter %s contains non-ASCII characters.", value, name))
	case value != "" && strings.TrimSpace(value) == "":
		p.add(invalidValue("The value %.300q for parameter %s is nothing but white space.", value, name))
	}
}

func (p *problems) dimensions(name string, list []Dimension) {
	if !p.most(name, len(list), dimensionsMax) {
		return
	}
	seen := make(map[string]bool, len(list))
	for i, d := range list {
		path := fmt.Sprintf("%s.member.%d", name, i+1)
		p.label(path+".Name", d.Name, 255)
		p.label(path+".Value", d.Value, 1024)
		if strings.HasPrefix(d.Name, ":") {
			p.add(invalidValue("The value %q for parameter %s.Name is invalid: it must not begin with a colon.", d.Name, path))
		}
		if seen[d.Name] {
			p.add(invalidValue("The parameter %s names dimension %q twice.", name, d.Name))
		}
		seen[d.Name] = true
	}
}

func (p *problems) unit(name string, unit *string) {
	if unit != nil && !isUnit(*unit) {
		p.add(invalidValue("The value %.100q for parameter %s is invalid: it is no unit.", *unit, name))
	}
}

const dimensionsMax = 30
