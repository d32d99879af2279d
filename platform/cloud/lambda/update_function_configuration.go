package lambda

// UpdateFunctionConfiguration changes role, handler, description, timeout,
// memory and variables. Environments of the old configuration finish the
// invocation in hand and end. The reply says InProgress, the next read Successful.

import (
	"context"
	"net/http"
	"net/url"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type updateFunctionConfigurationInput struct {
	name       target
	RevisionId string //nolint:revive // the API's spelling
	settings
}

func (in *updateFunctionConfigurationInput) bind(vars map[string]string, query url.Values) error {
	return in.name.bind(vars, query)
}

// Validate checks the API model's constraints.
func (in *updateFunctionConfigurationInput) Validate() error {
	var v wire.Violations
	in.name.check(&v)
	in.check(&v)
	return v.Err()
}

func (s *Service) updateFunctionConfiguration() wire.Operation {
	return route("UpdateFunctionConfiguration", http.MethodPut, "/2015-03-31/functions/{FunctionName}/configuration",
		func(call *wire.Call, in *updateFunctionConfigurationInput) []wire.Access {
			list := []wire.Access{{
				Action:   "lambda:UpdateFunctionConfiguration",
				Resource: functionARN(call.Region, call.Account, in.name.name()),
			}}
			if in.Role != nil {
				list = append(list, passRole(*in.Role))
			}
			return list
		},
		func(_ context.Context, _ *wire.Call, in *updateFunctionConfigurationInput) (FunctionConfiguration, error) {
			if err := in.semantics(); err != nil {
				return FunctionConfiguration{}, err
			}
			if in.Role != nil {
				if err := s.assumable(*in.Role, in.name.name()); err != nil {
					return FunctionConfiguration{}, err
				}
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			f, err := s.lookup(&in.name)
			if err != nil {
				return FunctionConfiguration{}, err
			}
			if err := atRevision(f.revision, in.RevisionId); err != nil {
				return FunctionConfiguration{}, err
			}
			next := in.apply(f.spec)
			if err := s.deadLetterQueue(next.role, next.deadLetter); err != nil {
				return FunctionConfiguration{}, err
			}
			if in.Description != nil {
				f.description = *in.Description
			}
			s.revise(f, next)
			s.keepFunction(f)
			return f.updating(f.arn), nil
		})
}

// atRevision guards an update that names the revision it was made for.
func atRevision(current, wanted string) error {
	if wanted == "" || wanted == current {
		return nil
	}
	return apiError(http.StatusPreconditionFailed, "PreconditionFailedException", "User",
		"The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id")
}

// updating is the configuration as an update's own reply shows it.
func (v *version) updating(arn string) FunctionConfiguration {
	out := v.configuration(arn)
	out.LastUpdateStatus = "InProgress"
	return out
}
