package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/spf13/cobra"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/scenario"
)

// The pieces of `weir run` as separate processes: provision, serve, simulate
// and grade, each against an endpoint.

// pieceWorld is the world of one piece: everything else is behind --endpoint.
func (g *globals) pieceWorld(cmd *cobra.Command) (scenario.World, error) {
	base := baseConfig(g.region, g.endpoint, g.trust)
	sim, err := pieceClock(cmd.Context(), base)
	if err != nil {
		return scenario.World{}, err
	}
	listen, url := elsewhere("")
	return scenario.World{
		Base: base, Kafka: brokersOf(base), KafkaUser: componentUsers(os.Getenv(brokersVar) != "" && os.Getenv(userVar) != ""), Registry: registryOf(base), OpenSearch: searchOf(base),
		Function: builtInFunction, Listen: listen, URL: url,
		Wall: clock.Wall{}, Sim: sim, Log: g.logger(cmd),
	}, nil
}

// pieceClock is the simulated clock that a run hands to its processes, else the
// endpoint's.
func pieceClock(ctx context.Context, base aws.Config) (clock.Simulated, error) {
	if text := os.Getenv(clock.EnvVar); text != "" {
		return clock.Parse(text)
	}
	return cloudClock(ctx, base)
}

// cloudClock asks a weir cloud for its simulated clock. Another endpoint has
// none, and simulated time is wall time there.
func cloudClock(ctx context.Context, base aws.Config) (clock.Simulated, error) {
	now := time.Now()
	wall := clock.Simulated{Epoch: now, Origin: now, Speed: 1}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var answer struct{ Clock string }
	if told, err := askCloud(ctx, base, "clock", &answer); !told || err != nil {
		return wall, err
	}
	return clock.Parse(answer.Clock)
}

// askCloud asks a weir cloud what AWS has no API for; told is false if another
// cloud is there.
func askCloud(ctx context.Context, base aws.Config, what string, answer any) (told bool, err error) {
	endpoint := aws.ToString(base.BaseEndpoint)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(endpoint, "/")+"/_weir/"+what, nil)
	if err != nil {
		return false, fmt.Errorf("endpoint %s: %w", endpoint, err)
	}
	reply, err := base.HTTPClient.Do(request)
	if err != nil {
		return false, fmt.Errorf("endpoint %s does not answer: %w (is `weir cloud` running there?)", endpoint, err)
	}
	defer reply.Body.Close() //nolint:errcheck // only read
	told = reply.StatusCode == http.StatusOK && json.NewDecoder(io.LimitReader(reply.Body, 1<<10)).Decode(answer) == nil
	return told, nil
}

// scenarioArg wants a scenario's name and at most extra more words.
func scenarioArg(extra int) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) == 0:
			return usagef("name a scenario: %s", strings.Join(scenarioNames(true), ", "))
		case len(args) > 1+extra:
			return usagef("too many words: %s", strings.Join(args[1+extra:], " "))
		}
		return nil
	}
}

// piece is what every piece begins with. It says every problem of the flags at
// once, those of the caller included, before the endpoint is asked anything.
func piece(cmd *cobra.Command, g *globals, args []string, set map[string]string, problems ...error) (scenario.Entry, scenario.World, map[string]string, error) {
	var e scenario.Entry
	var settings map[string]string
	entries, err := pick(args[:1])
	problems = append(problems, err, g.checkEndpoint(), g.checkRegion())
	if err == nil {
		e = entries[0]
		var all []map[string]string
		all, err = settingsOf(set, entries)
		settings = all[0]
		problems = append(problems, err)
	}
	if err := errors.Join(problems...); err != nil {
		return e, scenario.World{}, nil, &usageError{err: err}
	}
	w, err := g.pieceWorld(cmd)
	return e, w, settings, err
}
