package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud"
	"github.com/weirstream/weir/platform/cloud/wire"
	"github.com/weirstream/weir/platform/scenario"
)

// embeddedConfig sets up a run's own cloud.
type embeddedConfig struct {
	region    string
	quotasOff bool
	sim       clock.Simulated
	log       *slog.Logger
	hooks     []wire.Hook // tests sabotage with these
	addresses *addresses
}

// embedded is a cloud inside this process and the world of scenarios on it.
type embedded struct {
	cloud *cloud.Cloud
	world scenario.World
	stop  func() error
}

// startEmbedded starts the cloud; stop ends it and waits for it.
func startEmbedded(cfg embeddedConfig) (*embedded, error) {
	credentials, err := rootCredentials().Retrieve(context.Background())
	if err != nil {
		return nil, fmt.Errorf("root credentials: %w", err)
	}
	c, err := cloud.New(cloud.Config{
		Region: cfg.region, QuotasOff: cfg.quotasOff, Launcher: launcher(),
		AccessKeyID: credentials.AccessKeyID, SecretAccessKey: credentials.SecretAccessKey,
		Wall: clock.Wall{}, Sim: cfg.sim, Hooks: cfg.hooks, Log: cfg.log,
	})
	if err != nil {
		return nil, fmt.Errorf("embedded cloud: %w", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	return &embedded{
		cloud: c,
		world: scenario.World{
			Base: baseConfig(cfg.region, c.Endpoint(), nil), Function: builtInFunction,
			Kafka:     ownBrokers(c, credentials),
			KafkaUser: componentUser,
			Registry:  func() (scenario.Address, error) { return ownAddress(c.SchemaRegistry, credentials) },
			OpenSearch: func() (scenario.Address, error) {
				url, err := c.OpenSearch()
				return scenario.Address{URL: url, Signed: true}, err
			},
			Listen: cfg.addresses.open, URL: cfg.addresses.url,
			Wall: clock.Wall{}, Sim: cfg.sim, Log: cfg.log,
			Injector: &injector{cloud: c, wall: clock.Wall{}},
			Process:  serving{region: cfg.region, endpoint: c.Endpoint(), addresses: cfg.addresses, log: cfg.log, env: noOtherEngines()}.start,
		},
		stop: func() error {
			cancel()
			return <-done
		},
	}, nil
}
