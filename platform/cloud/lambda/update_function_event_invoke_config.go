package lambda

// UpdateFunctionEventInvokeConfig changes what is given of a configuration;
// DestinationConfig is replaced as a whole.

import (
	"context"
	"net/http"
	"net/url"

	"github.com/weirstream/weir/platform/cloud/wire"
)

type updateEventConfigInput struct{ eventConfigInput }

func (in *updateEventConfigInput) bind(vars map[string]string, query url.Values) error {
	return in.name.bind(vars, query)
}

func (s *Service) updateFunctionEventInvokeConfig() wire.Operation {
	return route("UpdateFunctionEventInvokeConfig", http.MethodPost, eventConfigPath,
		access("UpdateFunctionEventInvokeConfig", func(in *updateEventConfigInput) *target { return &in.name }),
		func(_ context.Context, _ *wire.Call, in *updateEventConfigInput) (eventConfiguration, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			c, config, err := s.eventConfigOf(&in.name)
			if err != nil {
				return eventConfiguration{}, err
			}
			return s.configure(c, eventQualifier(&in.name), in.apply(*config, s.cfg.Wall.Now()))
		})
}
