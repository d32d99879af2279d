package lambda

// CreateFunction makes a function from a built-in handler or a zip with a
// bootstrap, checks that its role can be assumed, and is ready when it
// answers: the reply says Pending as AWS's does, the next read Active.
// With Publish it is version 1 at once. What skipped.md lists is refused.
// Limits: name 64 characters, timeout 900 s, memory 128–10,240 MB (reported,
// not enforced), variables 4 KB, zip 50 MB, unzipped 250 MB.

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type createFunctionInput struct {
	FunctionName  string
	Code          *FunctionCode
	PackageType   string
	Architectures []string
	Publish       bool
	Tags          map[string]string
	settings

	// Parts of Lambda this service lacks: refused by name when given.
	PublishTo            json.RawMessage
	CodeSigningConfigArn json.RawMessage
	TenancyConfig        json.RawMessage
}

func (in *createFunctionInput) target() *target { return &target{FunctionName: in.FunctionName} }

// Validate checks the API model's constraints.
func (in *createFunctionInput) Validate() error {
	var v wire.Violations
	in.target().check(&v)
	if name := in.target().name(); len(name) > 64 {
		v.Add("functionName", name, "Member must have length less than or equal to 64")
	}
	if in.Role == nil {
		v.Null("role")
	}
	if in.Code == nil {
		v.Null("code")
	}
	if in.PackageType != "" && in.PackageType != "Zip" && in.PackageType != "Image" {
		v.Add("packageType", in.PackageType, "Member must satisfy enum value set: [Image, Zip]")
	}
	checkArchitectures(&v, in.Architectures)
	in.check(&v)
	return v.Err()
}

func checkArchitectures(v *wire.Violations, architectures []string) {
	if len(architectures) > 1 {
		v.Add("architectures", architectures, "Member must have length less than or equal to 1")
	}
	for _, a := range architectures {
		if a != "x86_64" && a != "arm64" {
			v.Add("architectures", "["+a+"]", "Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64]]")
		}
	}
}

// createdFunction answers 201.
type createdFunction struct{ FunctionConfiguration }

// Respond writes the configuration with status 201.
func (c createdFunction) Respond(_ context.Context, w http.ResponseWriter) error {
	return writeJSON(w, http.StatusCreated, c.FunctionConfiguration)
}

func (s *Service) createFunction() wire.Operation {
	return route("CreateFunction", http.MethodPost, "/2015-03-31/functions",
		func(call *wire.Call, in *createFunctionInput) []wire.Access {
			return []wire.Access{
				{Action: "lambda:CreateFunction", Resource: functionARN(call.Region, call.Account, in.target().name())},
				passRole(*in.Role),
			}
		}, s.handleCreateFunction)
}

func (s *Service) handleCreateFunction(_ context.Context, _ *wire.Call, in *createFunctionInput) (createdFunction, error) {
	if err := in.unsupported(); err != nil {
		return createdFunction{}, err
	}
	name := in.target().name()
	if _, exists := s.function(name); exists {
		return createdFunction{}, conflict("Function already exist: %s", name)
	}
	if err := s.assumable(*in.Role, name); err != nil {
		return createdFunction{}, err
	}
	if in.DeadLetterConfig != nil {
		if err := s.deadLetterQueue(*in.Role, in.DeadLetterConfig.TargetArn); err != nil {
			return createdFunction{}, err
		}
	}
	program, err := in.Code.resolve(s.cfg.Launcher, s.codeDir)
	if err != nil {
		return createdFunction{}, err
	}
	f := newFunction(name, functionARN(s.cfg.Region, s.cfg.Account, name), maps.Clone(in.Tags), s.cfg.Wall.Now)
	f.version = version{
		number: latestVersion, architecture: "x86_64", modified: s.cfg.Wall.Now(), revision: uuid.NewString(),
	}
	if len(in.Architectures) == 1 {
		f.architecture = in.Architectures[0]
	}
	if in.Description != nil {
		f.description = *in.Description
	}
	f.spec = in.apply(&spec{
		name: name, version: latestVersion, timeout: 3 * time.Second, memoryMB: 128,
		code: program, logs: f.logs, counters: f.counters,
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, exists := s.functions[name]; exists { // lost a race against an equal call
		program.release()
		return createdFunction{}, conflict("Function already exist: %s", name)
	}
	s.functions[name] = f
	out := f.configuration(f.arn)
	if in.Publish {
		out = s.publish(f, nil).configuration(f.arn)
	}
	s.keepFunction(f)
	out.State, out.StateReasonCode, out.StateReason = "Pending", "Creating", "The function is being created."
	return createdFunction{out}, nil
}

// unsupported refuses what this service lacks and what contradicts itself.
func (in *createFunctionInput) unsupported() error {
	if in.PackageType == "Image" {
		return wire.NotImplemented("container images for Lambda functions")
	}
	if err := refuseGiven([]gap{
		{"PublishTo", in.PublishTo}, {"CodeSigningConfigArn", in.CodeSigningConfigArn}, {"TenancyConfig", in.TenancyConfig},
	}); err != nil {
		return err
	}
	if err := checkTags(in.Tags); err != nil {
		return err
	}
	if in.Handler == nil || in.Runtime == nil {
		return invalidParameter("Runtime and Handler are mandatory parameters for functions created with deployment packages.")
	}
	return in.semantics()
}

// assumable checks that Lambda may take on a role.
func (s *Service) assumable(role, name string) error {
	if _, err := s.cfg.Roles.ServiceCredentials(role, servicePrincipal, name); err != nil {
		s.cfg.Log.Debug("execution role refused", "role", role, "error", fmt.Sprint(err))
		return invalidParameter("The role defined for the function cannot be assumed by Lambda.")
	}
	return nil
}
