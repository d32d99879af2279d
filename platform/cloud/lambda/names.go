package lambda

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// functionNamePattern accepts a name, a partial ARN and a full ARN, each with
// an optional qualifier, as the API model does.
const functionNamePattern = `(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?`

var functionNameRE = regexp.MustCompile(`^` + functionNamePattern + `$`)

// qualifierPattern is a version or the name of an alias.
const qualifierPattern = `\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9$_-]+`

var qualifierRE = regexp.MustCompile(`^(` + qualifierPattern + `|)$`)

const latestVersion = "$LATEST"

// target is the FunctionName member that most actions take from the path.
type target struct {
	FunctionName string
	Qualifier    string
}

func (t *target) bind(vars map[string]string, query url.Values) error {
	t.FunctionName, t.Qualifier = vars["FunctionName"], query.Get("Qualifier")
	return nil
}

// Validate checks the name against the API model.
func (t *target) Validate() error {
	var v wire.Violations
	t.check(&v)
	return v.Err()
}

func (t *target) check(v *wire.Violations) {
	if t.FunctionName == "" {
		v.Null("functionName")
		return
	}
	if len(t.FunctionName) > 170 {
		v.Add("functionName", t.FunctionName, "Member must have length less than or equal to 170")
	}
	if !functionNameRE.MatchString(t.FunctionName) {
		v.Add("functionName", t.FunctionName, "Member must satisfy regular expression pattern: "+functionNamePattern)
	}
	if len(t.Qualifier) > 128 {
		v.Add("qualifier", t.Qualifier, "Member must have length less than or equal to 128")
	}
	if !qualifierRE.MatchString(t.Qualifier) {
		v.Add("qualifier", t.Qualifier, "Member must satisfy regular expression pattern: "+qualifierPattern)
	}
}

// name is the bare function name, without ARN and qualifier.
func (t *target) name() string {
	m := functionNameRE.FindStringSubmatch(t.FunctionName)
	if m == nil {
		return t.FunctionName
	}
	return m[7]
}

// qualifier is the version asked for, in the name or apart.
func (t *target) qualifier() string {
	if m := functionNameRE.FindStringSubmatch(t.FunctionName); m != nil && m[9] != "" {
		return m[9]
	}
	return t.Qualifier
}

// reference is how the rest of the service keeps what a target names: the bare
// name, or name:qualifier.
func (t *target) reference() string {
	if q := t.qualifier(); q != "" {
		return t.name() + ":" + q
	}
	return t.name()
}

// access builds the permission of an action on the function a call names.
func access[I any](action string, of func(*I) *target) func(*wire.Call, *I) []wire.Access {
	return func(call *wire.Call, in *I) []wire.Access {
		return []wire.Access{{Action: "lambda:" + action, Resource: functionARN(call.Region, call.Account, of(in).name())}}
	}
}

// passRole is the permission to hand a role to Lambda.
func passRole(role string) wire.Access {
	return wire.Access{
		Action: "iam:PassRole", Resource: role,
		Fact: wire.Fact{Key: "iam:PassedToService", Value: "lambda.amazonaws.com"},
	}
}

// forFunction is what policies may restrict event source mappings by.
func forFunction(call *wire.Call, name string) wire.Fact {
	return wire.Fact{Key: "lambda:FunctionArn", Value: functionARN(call.Region, call.Account, name)}
}

func functionARN(region, account, name string) string {
	return "arn:" + partition(region) + ":lambda:" + region + ":" + account + ":function:" + name
}

func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	default:
		return "aws"
	}
}
