package main

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab"
)

// TestComponentsSignInAsUsersOfTheirOwnWhereTheyCan has an environment, so it
// is not parallel.
func TestComponentsSignInAsUsersOfTheirOwnWhereTheyCan(t *testing.T) {
	found := scenario.Brokers{Seeds: []string{"a:1"}, User: "root", Password: "secret"}
	hub, app := componentUser(found, "weir-cab-hub"), componentUser(found, "weir-cab-app")
	if hub.User != "weir-cab-hub" || hub.Password == found.Password || hub.Password == app.Password || len(hub.Password) != 64 || hub.Seeds[0] != "a:1" {
		t.Errorf("%+v, %+v", hub, app)
	}
	if again := componentUser(found, "weir-cab-hub"); again.Password != hub.Password {
		t.Error("another process has another password")
	}
	if open := componentUser(scenario.Brokers{}, "weir-cab-hub"); open.User != "" || open.Password != "" {
		t.Errorf("brokers without users: %+v", open)
	}
	for value, foreign := range map[string]bool{"": false, "components": true} {
		t.Setenv(usersVar, value)
		if componentUsers(false) == nil || (componentUsers(true) != nil) != foreign {
			t.Errorf("%s=%s: %v, %v", usersVar, value, componentUsers(false) != nil, componentUsers(true) != nil)
		}
	}
}

// TestAnEmbeddedRunsProcessesKeepToItsEngines has an environment as well: that of a
// shell which took over what a `weir cloud` printed. The services that a run starts
// as processes must not go to that cloud's engines.
func TestAnEmbeddedRunsProcessesKeepToItsEngines(t *testing.T) {
	t.Setenv(brokersVar, "127.0.0.1:1")
	t.Setenv(userVar, "somebody")
	t.Setenv(passwordVar, "else")
	t.Setenv(registryVar, "http://127.0.0.1:1")
	t.Setenv(searchVar, "http://127.0.0.1:1")
	t.Setenv(searchUserVar, "somebody")
	addresses, err := newAddresses("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(addresses.close)
	e, err := startEmbedded(embeddedConfig{
		region: "us-east-1", quotasOff: true, log: slog.New(slog.DiscardHandler), addresses: addresses,
		sim: clock.Simulated{Epoch: startOfTest(), Origin: startOfTest(), Speed: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.stop() })
	s := cab.New()
	env, err := scenario.NewEnv(t.Context(), e.world, s, "r", map[string]string{"partitions": "1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := scenario.Provision(t.Context(), s, env); err != nil {
		t.Fatal(err)
	}
	index, err := e.world.Process("cab", "index", env)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = index.Kill(); <-index.Done() })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := index.Ready(ctx); err != nil {
		t.Error(err)
	}
}
