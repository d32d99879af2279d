package cloudwatch

import (
	"fmt"
	"strings"

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

func (p *problems) text(name string, value *string, most int) {
	if p.require(name, value != nil) && (*value == "" || len(*value) > most) {
		p.add(invalidValue("The value %.300q for parameter %s is invalid: want 1 to %d characters.", *value, name, most))
	}
}

func (p *problems) dimensions(name string, list []Dimension) {
	if len(list) > dimensionsMax {
		p.add(invalidValue("The collection %s must not have a size greater than %d.", name, dimensionsMax))
		return
	}
	seen := make(map[string]bool, len(list))
	for i, d := range list {
		path := fmt.Sprintf("%s.member.%d", name, i+1)
		p.text(path+".Name", &d.Name, 255)
		p.text(path+".Value", &d.Value, 1024)
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
