package lambda

import (
	"strings"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// eventConfig is how asynchronous invocations of a function, a version or an
// alias are handled; nil means AWS's default. It is replaced, never changed.
type eventConfig struct {
	retries              *int
	ageSeconds           *int
	onSuccess, onFailure string // ARNs
	modified             time.Time
}

// eventQualifier is the key of a target's eventConfig.
func eventQualifier(t *target) string {
	if q := t.qualifier(); q != "" {
		return q
	}
	return latestVersion
}

// eventConfiguration is an eventConfig as the API shows it.
type eventConfiguration struct {
	FunctionArn              string
	LastModified             wire.Timestamp
	MaximumRetryAttempts     *int `json:",omitempty"`
	MaximumEventAgeInSeconds *int `json:",omitempty"`
	DestinationConfig        destinationConfig
}

func (c *eventConfig) view(f *function, qualifier string) eventConfiguration {
	return eventConfiguration{
		FunctionArn: f.arn + ":" + qualifier, LastModified: wire.Timestamp{Time: c.modified},
		MaximumRetryAttempts: c.retries, MaximumEventAgeInSeconds: c.ageSeconds,
		DestinationConfig: destinationConfig{OnSuccess: &destination{c.onSuccess}, OnFailure: &destination{c.onFailure}},
	}
}

// eventConfigInput are the members that Put and Update share.
type eventConfigInput struct {
	name                     target
	MaximumRetryAttempts     *int
	MaximumEventAgeInSeconds *int
	DestinationConfig        *destinationConfig
}

// Validate checks the API model's constraints.
func (in *eventConfigInput) Validate() error {
	var v wire.Violations
	in.name.check(&v)
	within(&v, "maximumRetryAttempts", in.MaximumRetryAttempts, 0, eventRetriesMax)
	within(&v, "maximumEventAgeInSeconds", in.MaximumEventAgeInSeconds, 60, int(eventAgeMax/time.Second))
	return v.Err()
}

// apply makes the configuration that follows from base.
func (in *eventConfigInput) apply(base eventConfig, now time.Time) *eventConfig {
	base.modified = now
	if in.MaximumRetryAttempts != nil {
		base.retries = in.MaximumRetryAttempts
	}
	if in.MaximumEventAgeInSeconds != nil {
		base.ageSeconds = in.MaximumEventAgeInSeconds
	}
	if d := in.DestinationConfig; d != nil {
		base.onSuccess, base.onFailure = d.OnSuccess.arn(), d.OnFailure.arn()
	}
	return &base
}

func (d *destination) arn() string {
	if d == nil {
		return ""
	}
	return d.Destination
}

// configure checks a configuration and puts it in force; s.mu is held.
func (s *Service) configure(c callee, qualifier string, config *eventConfig) (eventConfiguration, error) {
	if config.retries == nil && config.ageSeconds == nil && config.onSuccess == "" && config.onFailure == "" {
		return eventConfiguration{}, invalidParameter("You must specify at least one of error handling or destination setting.")
	}
	for _, arn := range []string{config.onSuccess, config.onFailure} {
		if arn == "" {
			continue
		}
		if err := s.eventDestination(c, arn); err != nil {
			return eventConfiguration{}, err
		}
	}
	c.function.eventConfigs[qualifier] = config
	s.keepFunction(c.function)
	return config.view(c.function, qualifier), nil
}

// eventDestination checks that a function's role may deliver to a destination.
func (s *Service) eventDestination(c callee, arn string) error {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 || parts[0] != "arn" {
		return invalidParameter("The provided destination %s is invalid.", arn)
	}
	switch service := parts[2]; {
	case service == "sqs" && s.cfg.Destinations == nil:
		return wire.NotImplemented("destinations of asynchronous invocations without an SQS service")
	case service == "sqs":
	case isFunctionARN(arn):
		if arn == c.function.arn || strings.HasPrefix(arn, c.function.arn+":") {
			return invalidParameter("You can't specify the function as a destination for itself.")
		}
	case service == "sns" || service == "s3" || service == "events":
		return wire.NotImplemented("destinations of asynchronous invocations other than SQS queues and Lambda functions (" + arn + ")")
	default:
		return invalidParameter("The provided destination %s is invalid.", arn)
	}
	if action := s.mayDeliver(c.version.spec.role, arn); action != "" {
		_, verb, _ := strings.Cut(action, ":")
		return invalidParameter("The function's execution role does not have permissions to call %s on %s", verb, arn)
	}
	return nil
}

// deadLetterQueue checks that a role may send to a DeadLetterConfig's target.
func (s *Service) deadLetterQueue(role, arn string) error {
	parts := strings.SplitN(arn, ":", 6)
	switch {
	case arn == "":
		return nil
	case len(parts) == 6 && parts[2] == "sns":
		return wire.NotImplemented("SNS topics as dead-letter queues of Lambda functions (" + arn + ")")
	case len(parts) < 6 || parts[0] != "arn" || parts[2] != "sqs":
		return invalidParameter("The target ARN %s of the DeadLetterConfig is neither a queue's nor a topic's.", arn)
	case s.cfg.Destinations == nil:
		return wire.NotImplemented("dead-letter queues of Lambda functions without an SQS service")
	case s.mayDeliver(role, arn) != "":
		return invalidParameter("The provided execution role does not have permissions to call SendMessage on SQS")
	}
	return nil
}

// eventConfigOf finds what a target is configured for; s.mu is held.
func (s *Service) eventConfigOf(t *target) (callee, *eventConfig, error) {
	c, err := s.find(t)
	if err != nil {
		return c, nil, err
	}
	config := c.function.eventConfigs[eventQualifier(t)]
	if config == nil {
		return c, nil, notFound("The function %s doesn't have an EventInvokeConfig", c.function.arn+":"+eventQualifier(t))
	}
	return c, config, nil
}
