package scenario

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"

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
	// Kafka finds the brokers, the schema registry and OpenSearch as the same
	// identity; each is asked for only by scenarios that use it. nil: there is none.
	Kafka      func() (Brokers, error)
	Registry   func() (Address, error)
	OpenSearch func() (Address, error)
	// KafkaUser makes of what Kafka found the brokers as a user of a component's
	// own, whom the scenario's Provision admits; nil: all components share one user.
	KafkaUser func(found Brokers, user string) Brokers
	// Function locates a handler's deployment package.
	Function func(handler string) FunctionCode
	// Listen and URL are Env's.
	Listen func(service string) (net.Listener, error)
	URL    func(service string) string
	Wall   clock.Clock
	// Sim without an Origin begins when a run has provisioned; a target that
	// keeps simulated time itself gives one.
	Sim clock.Simulated
	Log *slog.Logger
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
		Kafka: w.kafka(s.Name()), Registry: w.address("schema registry", w.Registry), OpenSearch: w.signed(r, w.address("OpenSearch domain", w.OpenSearch)),
		RunID: runID, Wall: w.Wall, Sim: w.Sim, Settings: settings, Log: w.Log,
		roles: r,
	}, nil
}

// Brokers say where Kafka is reached, and as whom. A scenario turns them into
// its client's own: kafka.Cluster(brokers).
type Brokers struct {
	Seeds    []string    // HOST:PORT of some brokers; the others are learned from them
	User     string      // of SASL/SCRAM-SHA-512; "" means no authentication
	Password string      // goes with User
	TLS      *tls.Config // nil means plain connections
	ClientID string      // what the brokers' logs and quotas know the component as
}

// Address is where a service that speaks HTTP is reached, and as whom.
type Address struct {
	URL            string
	User, Password string // Basic authentication; "" means none
	// Signed is a World's word that requests have to be signed by whoever sends
	// them. What an Env gives has a Transport then that does it as the component.
	Signed bool
	// Transport is what requests go through; nil means http.DefaultTransport.
	Transport http.RoundTripper
}

// UnreachableError is what World's functions return when what they look for does
// not answer: no scenario has a fault of that.
type UnreachableError struct{ Err error }

func (e *UnreachableError) Error() string { return e.Err.Error() }

// Unwrap is for errors.As.
func (e *UnreachableError) Unwrap() error { return e.Err }

// kafka hands out brokers to each component: the same ones as a user of its own,
// where the target has such, but for the deployer, who makes these users.
func (w World) kafka(scenario string) func(component string) (Brokers, error) {
	return func(component string) (Brokers, error) {
		if w.Kafka == nil {
			return Brokers{}, errors.New("no Kafka brokers are known here")
		}
		brokers, err := w.Kafka()
		if err != nil {
			return Brokers{}, fmt.Errorf("find the Kafka brokers: %w", err)
		}
		brokers.ClientID = "weir-" + scenario + "-" + component
		if w.KafkaUser != nil && component != Deployer {
			return w.KafkaUser(brokers, brokers.ClientID), nil
		}
		return brokers, nil
	}
}

func (w World) address(what string, find func() (Address, error)) func(component string) (Address, error) {
	return func(string) (Address, error) {
		if find == nil {
			return Address{}, fmt.Errorf("no %s is known here", what)
		}
		a, err := find()
		if err != nil {
			return Address{}, fmt.Errorf("find the %s: %w", what, err)
		}
		return a, nil
	}
}

// signed has each component sign for itself at an OpenSearch domain that wants it.
func (w World) signed(r *roles, find func(component string) (Address, error)) func(component string) (Address, error) {
	return func(component string) (Address, error) {
		a, err := find(component)
		if err == nil && a.Signed {
			a.Transport = newSigning(r.config(component), "es", w.Wall)
		}
		return a, err
	}
}

// Provision creates the scenario's roles, then its resources. It is idempotent.
func Provision(ctx context.Context, s Scenario, env Env) error {
	if err := env.roles.provision(ctx, s.Roles(), env.Wall); err != nil {
		return err
	}
	return s.Provision(ctx, env)
}
