package scenario

import (
	"context"
	"log/slog"
	"net"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/weirstream/weir/platform/chaos"
	"github.com/weirstream/weir/platform/clock"
)

// World is what the command line supplies and nothing else knows: how to reach
// the services, as whom, and where to listen.
type World struct {
	// Base is the identity the process was started with; components assume
	// their own roles from it.
	Base aws.Config
	// Function locates a handler's deployment package.
	Function func(handler string) FunctionCode
	// Listen and URL are Env's.
	Listen func(service string) (net.Listener, error)
	URL    func(service string) string
	Wall   clock.Clock
	Sim    clock.Simulated
	Log    *slog.Logger
	// Injector disturbs the target; nil: no faults can be injected there.
	Injector chaos.Injector
	// Process starts a service of a scenario in a process of its own, with env's
	// settings and simulated clock, each time at the address that URL tells; nil:
	// services cannot be killed.
	Process func(scenario, service string, env Env) (Process, error)
}

// NewEnv asks the endpoint who we are and builds the scenario's environment.
// It creates nothing: see Provision.
func NewEnv(ctx context.Context, w World, s Scenario, runID string, settings map[string]string) (Env, error) {
	r, err := newRoles(ctx, w.Base, s)
	if err != nil {
		return Env{}, err
	}
	return Env{
		AWS: r.config, RoleARN: r.arn, Function: w.Function, Listen: w.Listen, URL: w.URL,
		RunID: runID, Wall: w.Wall, Sim: w.Sim, Settings: settings, Log: w.Log,
		roles: r,
	}, nil
}

// Provision creates the scenario's roles, then its resources. It is idempotent.
func Provision(ctx context.Context, s Scenario, env Env) error {
	if err := env.roles.provision(ctx, s.Roles(), env.Wall); err != nil {
		return err
	}
	return s.Provision(ctx, env)
}
