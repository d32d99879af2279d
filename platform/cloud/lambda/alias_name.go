package lambda

import (
	"net/url"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// aliasName is an alias as the path of an action names it.
type aliasName struct {
	target
	Name string
}

func (in *aliasName) bind(vars map[string]string, query url.Values) error {
	in.Name = vars["Name"]
	return in.target.bind(vars, query)
}

// Validate checks the names against the API model.
func (in *aliasName) Validate() error {
	var v wire.Violations
	in.check(&v)
	checkAlias(&v, in.Name)
	return v.Err()
}

func checkAlias(v *wire.Violations, name string) {
	switch {
	case name == "":
		v.Null("name")
	case len(name) > 128:
		v.Add("name", name, "Member must have length less than or equal to 128")
	case !aliasRE.MatchString(name) || numberRE.MatchString(name):
		v.Add("name", name, "Member must satisfy regular expression pattern: "+aliasPattern)
	}
}
