package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/weirstream/weir/platform/chaos"
	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/scenario"
)

// startThem is what to do when nothing answers.
const startThem = "start the containers with `go tool task compose:up`"

// containers are engines in other processes and the cloud beside them.
type containers struct {
	targetFlags // checked
	region      string
	trust       *x509.CertPool
	sim         clock.Simulated
	log         *slog.Logger
	addresses   *addresses
}

// world is that of a run on the containers. The cloud is asked at once, the
// engines when a scenario wants them.
func (c containers) world(ctx context.Context) (scenario.World, error) {
	base := baseConfig(c.region, c.endpoint, c.trust)
	ctx, cancel := context.WithTimeout(ctx, findTimeout)
	defer cancel()
	var health any
	if told, err := askCloud(ctx, base, "health", &health); err != nil || !told {
		return scenario.World{}, &exitError{code: exitUsage, err: fmt.Errorf(
			"no weir cloud answers at %s; %s, or name it with --endpoint or AWS_ENDPOINT_URL%s", c.endpoint, startThem, because(err))}
	}
	return scenario.World{
		Base: base, Function: builtInFunction,
		Kafka:      sync.OnceValues(c.brokers),
		KafkaUser:  componentUsers(true),
		Registry:   sync.OnceValues(func() (scenario.Address, error) { return c.schemaRegistry(base) }),
		OpenSearch: sync.OnceValues(c.search),
		Listen:     c.addresses.open, URL: c.addresses.url,
		Wall: clock.Wall{}, Sim: c.sim, Log: c.log,
		Injector: undisturbed{},
		Process:  serving{region: c.region, endpoint: c.endpoint, addresses: c.addresses, log: c.log, env: c.environment()}.start,
	}, nil
}

// environment tells the processes of services what the flags told this one.
func (c containers) environment() []string {
	env := []string{brokersVar + "=" + c.kafka, searchVar + "=" + c.openSearch}
	if c.registry != "" {
		env = append(env, registryVar+"="+c.registry)
	}
	return env
}

func (c containers) brokers() (scenario.Brokers, error) {
	b := scenario.Brokers{Seeds: splitSeeds(c.kafka), User: os.Getenv(userVar), Password: os.Getenv(passwordVar)}
	return b, unreachable("Kafka", c.kafka, "--kafka or "+brokersVar, knockKafka(b))
}

func (c containers) schemaRegistry(base aws.Config) (scenario.Address, error) {
	a := scenario.Address{URL: c.registry, User: os.Getenv(registryUserVar), Password: os.Getenv(registryPasswordVar)}
	if a.URL == "" {
		var err error
		if a, err = registryOf(base)(); err != nil {
			return a, unreachable("schema registry", "the cloud "+c.endpoint, "--registry or "+registryVar, err)
		}
	}
	return a, unreachable("schema registry", a.URL, "--registry or "+registryVar, knockHTTP(a, "/subjects", registryUserVar+" and "+registryPasswordVar))
}

func (c containers) search() (scenario.Address, error) {
	a := scenario.Address{URL: c.openSearch, User: os.Getenv(searchUserVar), Password: os.Getenv(searchPasswordVar)}
	return a, unreachable("OpenSearch", a.URL, "--opensearch or "+searchVar, knockHTTP(a, "/", searchUserVar+" and "+searchPasswordVar))
}

// unreachable says what to do about an engine that does not answer.
func unreachable(what, where, how string, err error) error {
	if err == nil {
		return nil
	}
	return &scenario.UnreachableError{Err: fmt.Errorf("%s at %s: %w; %s, or name another with %s", what, where, err, startThem, how)}
}

func because(err error) string {
	if err == nil {
		return ""
	}
	return ": " + err.Error()
}

// undisturbed is the injector of a target whose inside is out of reach: services
// can be stopped and killed there, and nothing else.
type undisturbed struct{}

var _ chaos.Injector = undisturbed{}

// errOutOfReach is why a fault cannot be had on containers.
var errOutOfReach = fmt.Errorf("%w: on containers a run stops and kills its own services, and disturbs nothing else", chaos.ErrUnsupported)

// Disturb implements chaos.Injector.
func (undisturbed) Disturb(chaos.Planned) (func(), error) { return nil, errOutOfReach }

// KillFunction implements chaos.Injector.
func (undisturbed) KillFunction(string) error { return errOutOfReach }

// Skew implements chaos.Injector.
func (undisturbed) Skew(time.Duration) (func(), error) { return nil, errOutOfReach }

// checkReach refuses faults that would only fail in mid-run.
func checkReach(plan []chaos.Planned, s scenario.Scenario) error {
	var problems []error
	for _, f := range plan {
		byClients := f.Kind == chaos.Poison || f.Kind == chaos.Split || f.Kind == chaos.Merge
		if f.On.Kind != chaos.Service && !byClients {
			problems = append(problems, fmt.Errorf("--chaos: %v of %s: %w", f, s.Name(), errOutOfReach))
		}
	}
	return errors.Join(problems...)
}
