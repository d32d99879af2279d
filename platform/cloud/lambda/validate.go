package lambda

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

const (
	runtimeName    = "provided.al2023"
	rolePattern    = `arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+`
	handlerPattern = `[^\s]+`
)

var (
	roleRE     = regexp.MustCompile(`^` + rolePattern + `$`)
	handlerRE  = regexp.MustCompile(`^` + handlerPattern + `$`)
	variableRE = regexp.MustCompile(`^[a-zA-Z]([a-zA-Z0-9_])+$`)
)

// settings are the members CreateFunction and UpdateFunctionConfiguration
// share; nil means not given.
type settings struct {
	Role        *string
	Handler     *string
	Description *string
	Timeout     *int
	MemorySize  *int
	Environment *environmentVariables
	Runtime     *string

	DeadLetterConfig *deadLetterConfig

	// Parts of Lambda this service lacks: refused by name when given.
	VpcConfig              json.RawMessage
	KMSKeyArn              json.RawMessage
	Layers                 json.RawMessage
	FileSystemConfigs      json.RawMessage
	ImageConfig            json.RawMessage
	SnapStart              json.RawMessage
	DurableConfig          json.RawMessage
	LoggingConfig          json.RawMessage
	CapacityProviderConfig json.RawMessage
	AcceleratorConfig      json.RawMessage
	RuntimeConfig          json.RawMessage
	TracingConfig          *tracingConfig
	EphemeralStorage       *ephemeralStorage
}

func (in *settings) check(v *wire.Violations) {
	if in.Role != nil && !roleRE.MatchString(*in.Role) {
		v.Add("role", *in.Role, "Member must satisfy regular expression pattern: "+rolePattern)
	}
	if in.Handler != nil {
		if len(*in.Handler) > 128 {
			v.Add("handler", *in.Handler, "Member must have length less than or equal to 128")
		}
		if !handlerRE.MatchString(*in.Handler) {
			v.Add("handler", *in.Handler, "Member must satisfy regular expression pattern: "+handlerPattern)
		}
	}
	if in.Description != nil && len(*in.Description) > 256 {
		v.Add("description", *in.Description, "Member must have length less than or equal to 256")
	}
	within(v, "timeout", in.Timeout, 1, 900)
	within(v, "memorySize", in.MemorySize, 128, 10240)
	if in.Environment != nil {
		for _, name := range slices.Sorted(maps.Keys(in.Environment.Variables)) {
			if !variableRE.MatchString(name) {
				v.Add("environment.variables", name, "Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]")
			}
		}
	}
}

func within(v *wire.Violations, path string, value *int, low, high int) {
	if value == nil {
		return
	}
	if *value < low {
		v.Add(path, *value, "Member must have value greater than or equal to "+strconv.Itoa(low))
	}
	if *value > high {
		v.Add(path, *value, "Member must have value less than or equal to "+strconv.Itoa(high))
	}
}

// semantics checks what the API model does not express.
func (in *settings) semantics() error {
	if err := refuseGiven([]gap{
		{"VpcConfig", in.VpcConfig},
		{"KMSKeyArn", in.KMSKeyArn},
		{"Layers", in.Layers},
		{"FileSystemConfigs", in.FileSystemConfigs},
		{"ImageConfig", in.ImageConfig},
		{"SnapStart", in.SnapStart},
		{"DurableConfig", in.DurableConfig},
		{"LoggingConfig", in.LoggingConfig},
		{"CapacityProviderConfig", in.CapacityProviderConfig},
		{"AcceleratorConfig", in.AcceleratorConfig},
		{"RuntimeConfig", in.RuntimeConfig},
	}); err != nil {
		return err
	}
	if in.TracingConfig != nil && in.TracingConfig.Mode == "Active" {
		return wire.NotImplemented("Lambda's active tracing")
	}
	if in.EphemeralStorage != nil && in.EphemeralStorage.Size != 512 {
		return wire.NotImplemented("an EphemeralStorage other than 512 MB")
	}
	if in.Runtime != nil && *in.Runtime != runtimeName {
		return invalidParameter("The runtime parameter of %s is not supported here: weir's embedded cloud runs functions of the runtime %s only (see skipped.md).", *in.Runtime, runtimeName)
	}
	if in.Environment == nil {
		return nil
	}
	var reserved []string
	for name := range in.Environment.Variables {
		if isReserved(name) {
			reserved = append(reserved, name)
		}
	}
	if len(reserved) > 0 {
		slices.Sort(reserved)
		return invalidParameter("Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: %s", strings.Join(reserved, ", "))
	}
	if measured, _ := json.Marshal(in.Environment.Variables); len(measured) > 4096 { // strings always marshal
		return invalidParameter("Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: %s", measured)
	}
	return nil
}

// deadLetterConfig names where events go that a function never handled.
type deadLetterConfig struct{ TargetArn string }

// gap is a member of an input that asks for a part of Lambda this service lacks.
type gap struct {
	name  string
	value json.RawMessage
}

// refuseGiven refuses the first gap that is given.
func refuseGiven(gaps []gap) error {
	for _, g := range gaps {
		if given(g.value) {
			return wire.NotImplemented("Lambda's " + g.name)
		}
	}
	return nil
}

// given reports whether an optional JSON member says something.
func given(raw json.RawMessage) bool {
	switch strings.TrimSpace(string(raw)) {
	case "", "null", "{}", "[]", `""`:
		return false
	default:
		return true
	}
}

// apply writes what is given over a copy of base.
func (in *settings) apply(base *spec) *spec {
	next := &spec{
		name: base.name, version: base.version, role: base.role, handler: base.handler,
		timeout: base.timeout, memoryMB: base.memoryMB, variables: base.variables, deadLetter: base.deadLetter,
		code: base.code, logs: base.logs, counters: base.counters,
	}
	if in.Role != nil {
		next.role = *in.Role
	}
	if in.Handler != nil {
		next.handler = *in.Handler
	}
	if in.Timeout != nil {
		next.timeout = time.Duration(*in.Timeout) * time.Second
	}
	if in.MemorySize != nil {
		next.memoryMB = *in.MemorySize
	}
	if in.Environment != nil {
		next.variables = maps.Clone(in.Environment.Variables)
	}
	if in.DeadLetterConfig != nil {
		next.deadLetter = in.DeadLetterConfig.TargetArn
	}
	return next
}
