package lambda

import (
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"

	"github.com/google/uuid"

	"github.com/weirstream/weir/platform/cloud/wire"
)

const aliasPattern = `(?!^[0-9]+$)([a-zA-Z0-9-_]+)`

var (
	aliasRE         = regexp.MustCompile(`^[a-zA-Z0-9-_]+$`)
	numberRE        = regexp.MustCompile(`^[0-9]+$`)
	versionOrLatest = regexp.MustCompile(`^(\$LATEST|[0-9]+)$`)
)

// alias is a name for a version, and perhaps for a second one that takes a
// share of the invocations. Its fields are guarded by Service.mu.
type alias struct {
	name, version, description, revision string
	weights                              map[string]float64 // of the second version; at most one
}

// draw is the version that the next invocation goes to.
func (a *alias) draw(random *rand.Rand) string {
	for version, weight := range a.weights {
		if random.Float64() < weight {
			return version
		}
	}
	return a.version
}

// points reports whether an alias stands for a version.
func (a *alias) points(version string) bool {
	_, second := a.weights[version]
	return a.version == version || second
}

// routingConfig is the share of a second version.
type routingConfig struct{ AdditionalVersionWeights map[string]float64 }

// aliasConfiguration is an alias as the API shows it.
type aliasConfiguration struct {
	AliasArn        string
	Name            string
	FunctionVersion string
	Description     string
	RoutingConfig   *routingConfig `json:",omitempty"`
	RevisionId      string         //nolint:revive // the API's spelling
}

func (f *function) aliasView(a *alias) aliasConfiguration {
	out := aliasConfiguration{
		AliasArn: f.arn + ":" + a.name, Name: a.name, FunctionVersion: a.version,
		Description: a.description, RevisionId: a.revision,
	}
	if len(a.weights) > 0 {
		out.RoutingConfig = &routingConfig{a.weights}
	}
	return out
}

// aliasSettings are the members that CreateAlias and UpdateAlias share; nil
// means not given.
type aliasSettings struct {
	FunctionVersion *string
	Description     *string
	RoutingConfig   *routingConfig
}

func (in *aliasSettings) check(v *wire.Violations) {
	if in.FunctionVersion != nil && !versionOrLatest.MatchString(*in.FunctionVersion) {
		v.Add("functionVersion", *in.FunctionVersion, `Member must satisfy regular expression pattern: (\$LATEST|[0-9]+)`)
	}
	if in.Description != nil && len(*in.Description) > 256 {
		v.Add("description", *in.Description, "Member must have length less than or equal to 256")
	}
	if in.RoutingConfig == nil {
		return
	}
	for _, number := range slices.Sorted(maps.Keys(in.RoutingConfig.AdditionalVersionWeights)) {
		if weight := in.RoutingConfig.AdditionalVersionWeights[number]; weight < 0 || weight > 1 {
			v.Add("routingConfig.additionalVersionWeights", weight, "Map value must satisfy constraint: [Member must have value between 0.0 and 1.0]")
		}
		if !numberRE.MatchString(number) {
			v.Add("routingConfig.additionalVersionWeights", number, "Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [0-9]+]")
		}
	}
}

// apply makes the alias that follows from a; s.mu is held.
func (in *aliasSettings) apply(f *function, a alias) (*alias, error) {
	set(&a.version, in.FunctionVersion)
	set(&a.description, in.Description)
	if in.RoutingConfig != nil {
		a.weights = maps.Clone(in.RoutingConfig.AdditionalVersionWeights)
	}
	if f.numbered(a.version) == nil {
		return nil, notFound("Function not found: %s", f.arn+":"+a.version)
	}
	if len(a.weights) > 1 {
		return nil, invalidParameter("Number of items in AdditionalVersionWeights cannot be greater than 1")
	}
	for number := range a.weights {
		switch {
		case a.version == latestVersion:
			return nil, invalidParameter("$LATEST is not supported for an alias pointing to more than 1 version")
		case number == a.version:
			return nil, invalidParameter("Invalid function version %s. Function version %s is already included in routing configuration.", number, number)
		case f.numbered(number) == nil:
			return nil, notFound("Function not found: %s", f.arn+":"+number)
		}
	}
	a.revision = uuid.NewString()
	return &a, nil
}

// alias finds one of f's aliases; s.mu is held.
func (f *function) alias(name string) (*alias, error) {
	a := f.aliases[name]
	if a == nil {
		return nil, notFound("Cannot find alias arn: %s", f.arn+":"+name)
	}
	return a, nil
}
