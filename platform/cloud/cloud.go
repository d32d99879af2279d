// Package cloud is the embedded cloud: AWS services on one HTTP endpoint, and
// Kafka and a schema registry on ports of their own once they are used. All on
// loopback by default, and in memory or temporary files or, with Config.Data,
// kept on disk.
//
// Guarantee: a call that was answered with success happened, exactly once, and
// stays until the process ends. With a data directory it stays after that too,
// however the process ends; without one nothing survives it. A reply lost on the
// way, by a hook or by the network, leaves a call that happened; callers retry,
// so puts are at-least-once as on AWS.
package cloud

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud/cloudwatch"
	"github.com/weirstream/weir/platform/cloud/iam"
	"github.com/weirstream/weir/platform/cloud/kafka"
	"github.com/weirstream/weir/platform/cloud/kinesis"
	"github.com/weirstream/weir/platform/cloud/lambda"
	"github.com/weirstream/weir/platform/cloud/opensearch"
	"github.com/weirstream/weir/platform/cloud/schemaregistry"
	"github.com/weirstream/weir/platform/cloud/sqs"
	"github.com/weirstream/weir/platform/cloud/store"
	"github.com/weirstream/weir/platform/cloud/wire"
)

// Cloud is one AWS account in one region. Build it with New, serve it with Run.
type Cloud struct {
	cfg       Config
	wall      clock.Clock
	log       *slog.Logger
	listener  net.Listener
	authority *authority  // nil without TLS
	data      *store.Data // nil without a data directory

	services   []wire.Service
	background []background
	iam        *iam.Service
	signatures *skewedClock
	functions  *lambda.Service
	kafka      *kafka.Service
	registry   *schemaregistry.Service
	search     *opensearch.Service
	router     *wire.Router
	hooks      *hookChain
	stats      stats
	draining   chan struct{}
}

// background is the part of a service that works without being called.
type background struct {
	name string
	run  func(ctx context.Context) error
}

// New checks cfg and opens the port, so Endpoint is known and clients may
// connect; they are answered once Run serves. Run releases the port.
func New(cfg Config) (*Cloud, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("cloud config: %w", err)
	}
	cfg = cfg.withDefaults()
	c := &Cloud{
		cfg: cfg, wall: cfg.Wall, log: cfg.Log, signatures: &skewedClock{Clock: cfg.Wall},
		hooks:    newHookChain(cfg.Hooks),
		draining: make(chan struct{}),
	}
	listener, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("cloud listens on %s: %w (is another cloud running there?)", cfg.Listen, err)
	}
	c.listener = listener
	if err := c.secure(); err != nil {
		listener.Close()
		return nil, err
	}
	if err = c.openData(); err == nil {
		err = c.build()
	}
	if err != nil {
		c.authority.remove()
		listener.Close()
		return nil, errors.Join(err, c.data.Close())
	}
	return c, nil
}

// openData opens the data directory, if there is to be one.
func (c *Cloud) openData() (err error) {
	if c.cfg.Data == "" {
		return nil
	}
	c.data, err = store.OpenData(store.DataConfig{
		Dir: c.cfg.Data, KeyFile: c.cfg.DataKey, Account: c.cfg.Account, Region: c.cfg.Region,
		Wall: c.cfg.Wall, Log: c.cfg.Log,
	})
	return err
}

// secure makes the authority, if TLS is asked for.
func (c *Cloud) secure() (err error) {
	if !c.cfg.TLS {
		return nil
	}
	host, _, err := net.SplitHostPort(c.cfg.Listen)
	if err != nil {
		return fmt.Errorf("cloud listens on %s: %w", c.cfg.Listen, err)
	}
	if c.authority, err = newAuthority(c.wall.Now(), host, c.cfg.CAFile); err != nil {
		return fmt.Errorf("cloud over TLS: %w", err)
	}
	return nil
}

// build makes the services: a new one is listed here and nowhere else.
func (c *Cloud) build() (err error) {
	cfg := c.cfg
	c.iam, err = iam.New(iam.Config{
		Account: cfg.Account, Region: cfg.Region, Clock: c.signatures,
		RootAccessKeyID: cfg.AccessKeyID, RootSecretAccessKey: cfg.SecretAccessKey, Data: c.data,
	})
	if err != nil {
		return err
	}
	queues, err := sqs.New(sqs.Config{
		Account: cfg.Account, Region: cfg.Region, Clock: cfg.Wall, QuotasOff: cfg.QuotasOff,
		Data: c.data,
	})
	if err != nil {
		return err
	}
	streams, err := kinesis.New(kinesis.Config{
		Account: cfg.Account, Region: cfg.Region, Wall: cfg.Wall, QuotasOff: cfg.QuotasOff, Log: cfg.Log,
		Data: c.data,
	})
	if err != nil {
		return err
	}
	functions, err := lambda.New(lambda.Config{
		Account: cfg.Account, Region: cfg.Region, Wall: cfg.Wall, Sim: cfg.Sim,
		QuotasOff: cfg.QuotasOff, Data: c.data, Log: cfg.Log, Launcher: cfg.Launcher, Endpoint: c.Endpoint, CAFile: c.CAFile(),
		Streams: lambdaStreams{streams}, Destinations: lambdaDestinations{queues}, Roles: lambdaRoles{c.iam},
	})
	if err != nil {
		return err
	}
	c.functions = functions
	if err := c.buildKafka(); err != nil {
		return err
	}
	if err := c.buildOpenSearch(); err != nil {
		return err
	}
	metrics, err := cloudwatch.New(cloudwatch.Config{
		Clock: cfg.Wall, Log: cfg.Log, Data: c.data,
		Sources: []cloudwatch.Source{streams.DrainMetrics, functions.DrainMetrics},
	})
	if err != nil {
		return err
	}
	c.services = append(c.iam.Services(), streams.Service(), functions.Service(), queues.Service(), metrics.Service(), c.kafka.Service(), c.search.Control())
	c.background = []background{
		{"kinesis", streams.Run},
		{"lambda", functions.Run},
		{"cloudwatch", metrics.Run},
		{"kafka", c.kafka.Run},
		{"schema registry", c.registry.Run},
		{"opensearch", c.search.Run},
	}
	return c.route()
}

func (c *Cloud) route() (err error) {
	if c.router, err = wire.NewRouter(c.services); err != nil {
		return err
	}
	c.stats = newStats(c.services)
	return nil
}

// Endpoint is the base URL of every service, e.g. http://127.0.0.1:4566. A
// cloud that listens on every address is named by its loopback one.
func (c *Cloud) Endpoint() string {
	scheme := "http"
	if c.authority != nil {
		scheme = "https"
	}
	address := c.listener.Addr().(*net.TCPAddr).AddrPort()
	if address.Addr().IsUnspecified() {
		return fmt.Sprintf("%s://127.0.0.1:%d", scheme, address.Port())
	}
	return scheme + "://" + address.String()
}

// AddHook wraps h around every operation, inside the hooks already there. It
// may be called at any time; so may remove, which affects calls that start later.
func (c *Cloud) AddHook(h wire.Hook) (remove func()) { return c.hooks.add(h) }

// KillFunction sends SIGKILL to every process of a Lambda function and returns
// how many there were.
func (c *Cloud) KillFunction(name string) int { return c.functions.Kill(name) }

// statusDropped stands for a reply that a hook dropped, in the statistics.
const statusDropped = -1
