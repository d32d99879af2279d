package lambda

// PutFunctionEventInvokeConfig replaces how asynchronous invocations of a
// function, a version or an alias are handled.
// Limits: 0 to 2 retries, 60 s to 6 h of age; queues and functions as destinations.

import (
	"context"
	"net/http"
	"net/url"

	"github.com/weirstream/weir/platform/cloud/wire"
)

const eventConfigPath = "/2019-09-25/functions/{FunctionName}/event-invoke-config"

type putEventConfigInput struct{ eventConfigInput }

func (in *putEventConfigInput) bind(vars map[string]string, query url.Values) error {
	return in.name.bind(vars, query)
}

func (s *Service) putFunctionEventInvokeConfig() wire.Operation {
	return route("PutFunctionEventInvokeConfig", http.MethodPut, eventConfigPath,
		access("PutFunctionEventInvokeConfig", func(in *putEventConfigInput) *target { return &in.name }),
		func(_ context.Context, _ *wire.Call, in *putEventConfigInput) (eventConfiguration, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			c, err := s.find(&in.name)
			if err != nil {
				return eventConfiguration{}, err
			}
			return s.configure(c, eventQualifier(&in.name), in.apply(eventConfig{}, s.cfg.Wall.Now()))
		})
}
