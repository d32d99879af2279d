package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/scenario"
)

// The pieces of `weir run` as separate processes: provision, serve, simulate
// and grade, each against an endpoint.

// pieceWorld is the world of one piece: everything else is behind --endpoint.
func (g *globals) pieceWorld(cmd *cobra.Command) (scenario.World, error) {
	if err := g.checkEndpoint(); err != nil {
		return scenario.World{}, err
	}
	sim, err := cloudClock(cmd.Context(), g.endpoint)
	if err != nil {
		return scenario.World{}, err
	}
	listen, url := elsewhere("")
	return scenario.World{
		Base: baseConfig(g.region, g.endpoint), Function: builtInFunction, Listen: listen, URL: url,
		Wall: clock.Wall{}, Sim: sim, Log: g.logger(cmd),
	}, nil
}

// cloudClock asks a weir cloud for its simulated clock. Another endpoint has
// none, and simulated time is wall time there.
func cloudClock(ctx context.Context, endpoint string) (clock.Simulated, error) {
	now := time.Now()
	wall := clock.Simulated{Epoch: now, Origin: now, Speed: 1}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(endpoint, "/")+"/_weir/clock", nil)
	if err != nil {
		return wall, fmt.Errorf("endpoint %s: %w", endpoint, err)
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return wall, fmt.Errorf("endpoint %s does not answer: %w (is `weir cloud` running there?)", endpoint, err)
	}
	defer reply.Body.Close() //nolint:errcheck // only read
	var answer struct{ Clock string }
	if reply.StatusCode != http.StatusOK || json.NewDecoder(io.LimitReader(reply.Body, 1<<10)).Decode(&answer) != nil {
		return wall, nil
	}
	return clock.Parse(answer.Clock)
}

// one picks the single scenario a piece works on.
func one(args []string) (scenario.Entry, error) {
	entries, err := pick(args[:1])
	if err != nil {
		return scenario.Entry{}, &usageError{err: err}
	}
	return entries[0], nil
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

// piece is what every piece begins with.
func piece(cmd *cobra.Command, g *globals, args []string, set map[string]string) (scenario.Entry, scenario.World, map[string]string, error) {
	e, err := one(args)
	if err != nil {
		return e, scenario.World{}, nil, err
	}
	settings, err := scenario.CompleteSettings(e.Scenario.Settings(), set)
	if err != nil {
		return e, scenario.World{}, nil, &usageError{err: err}
	}
	w, err := g.pieceWorld(cmd)
	return e, w, settings, err
}
