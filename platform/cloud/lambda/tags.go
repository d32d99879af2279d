package lambda

import (
	"net/url"
	"strings"

	"github.com/weirstream/weir/platform/cloud/wire"
)

const (
	tagsPath = "/2017-03-31/tags/{Resource}"
	tagsMax  = 50
)

// taggedInput is the resource that the tagging actions take from the path.
type taggedInput struct{ Resource string }

func (in *taggedInput) bind(vars map[string]string, _ url.Values) error {
	in.Resource = vars["Resource"]
	return nil
}

// accessTagged builds the permission of a tagging action.
func accessTagged[I any](action string, of func(*I) *taggedInput) func(*wire.Call, *I) []wire.Access {
	return func(_ *wire.Call, in *I) []wire.Access {
		return []wire.Access{{Action: "lambda:" + action, Resource: of(in).Resource}}
	}
}

// tagged finds the function that a tagging action is about; s.mu is held.
func (s *Service) tagged(resource string) (*function, error) {
	if strings.Contains(resource, ":event-source-mapping:") || strings.Contains(resource, ":code-signing-config:") {
		return nil, wire.NotImplemented("tags of Lambda resources other than functions")
	}
	if !isFunctionARN(resource) {
		var v wire.Violations
		v.Add("resource", resource, "Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*):lambda:[a-z]{2}(-[a-z]+)+-\\d{1}:\\d{12}:(function:[a-zA-Z0-9-_]+(:(\\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[a-f0-9]{8}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{4}-[a-f0-9]{12})")
		return nil, v.Err()
	}
	t := &target{FunctionName: resource}
	if t.qualifier() != "" {
		return nil, invalidParameter("Tags on function aliases and versions are not supported. Please specify a function ARN.")
	}
	f, err := s.lookup(t)
	if err == nil && f.arn != resource {
		return nil, notFound("Function not found: %s", resource)
	}
	return f, err
}
