package lambda

// UpdateFunctionCode replaces a function's program, and with Publish makes a
// version of it. DryRun checks the code and changes nothing; PublishTo is refused.

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type updateFunctionCodeInput struct {
	name target
	FunctionCode
	Architectures []string
	Publish       bool
	PublishTo     json.RawMessage
	DryRun        bool
	RevisionId    string //nolint:revive // the API's spelling
}

func (in *updateFunctionCodeInput) bind(vars map[string]string, query url.Values) error {
	return in.name.bind(vars, query)
}

// Validate checks the API model's constraints.
func (in *updateFunctionCodeInput) Validate() error {
	var v wire.Violations
	in.name.check(&v)
	checkArchitectures(&v, in.Architectures)
	return v.Err()
}

func (s *Service) updateFunctionCode() wire.Operation {
	return route("UpdateFunctionCode", http.MethodPut, "/2015-03-31/functions/{FunctionName}/code",
		access("UpdateFunctionCode", func(in *updateFunctionCodeInput) *target { return &in.name }),
		func(_ context.Context, _ *wire.Call, in *updateFunctionCodeInput) (FunctionConfiguration, error) {
			if err := refuseGiven([]gap{{"PublishTo", in.PublishTo}}); err != nil {
				return FunctionConfiguration{}, err
			}
			program, err := in.resolve(s.cfg.Launcher, s.codeDir)
			if err != nil {
				return FunctionConfiguration{}, err
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			f, err := s.lookup(&in.name)
			if err == nil {
				err = atRevision(f.revision, in.RevisionId)
			}
			if err != nil || in.DryRun {
				program.release()
				if err != nil {
					return FunctionConfiguration{}, err
				}
				return f.configuration(f.arn), nil
			}
			old := f.spec.code
			next := (&settings{}).apply(f.spec)
			next.code = program
			if len(in.Architectures) == 1 {
				f.architecture = in.Architectures[0]
			}
			s.revise(f, next)
			out := f.updating(f.arn)
			if in.Publish {
				v := s.publish(f, nil)
				out = v.updating(f.arn + ":" + v.number)
			}
			s.keepFunction(f)
			s.discard(old)
			return out, nil
		})
}
