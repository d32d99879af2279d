package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

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

func newProvisionCommand(g *globals) *cobra.Command {
	f := &loadFlags{}
	cmd := &cobra.Command{
		Use:   "provision SCENARIO",
		Short: "Create a scenario's roles and resources at an endpoint",
		Long: `Create a scenario's roles, streams, functions and queues at an endpoint, under
the scenario's own deployer role, and wait until all of it is usable. It is
idempotent: run it again after changing a setting.`,
		Example: `  weir provision location --endpoint http://127.0.0.1:4566`,
		Args:    scenarioArg(0),
		RunE: func(cmd *cobra.Command, args []string) error {
			e, w, settings, err := piece(cmd, g, args, f.set)
			if err != nil {
				return err
			}
			env, err := scenario.NewEnv(cmd.Context(), w, e.Scenario, "", settings)
			if err != nil {
				return err
			}
			if err := scenario.Provision(cmd.Context(), e.Scenario, env); err != nil {
				return fmt.Errorf("provision %s: %w", args[0], err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is provisioned at %s\n", args[0], g.endpoint)
			return nil
		},
	}
	f.addSettings(cmd)
	g.addEndpoint(cmd)
	return cmd
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

func newServeCommand(g *globals) *cobra.Command {
	f := &loadFlags{}
	var listen string
	cmd := &cobra.Command{
		Use:   "serve SCENARIO [SERVICE]",
		Short: "Run a scenario's services, or one of them, until Ctrl-C",
		Long: `Run the long-running services of a provisioned scenario against an endpoint
until Ctrl-C, which lets each finish what it has in hand.`,
		Example: `  weir serve location --endpoint http://127.0.0.1:4566 --listen 127.0.0.1:8080
  weir serve location app`,
		Args: scenarioArg(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			e, w, settings, err := piece(cmd, g, args, f.set)
			if err != nil {
				return err
			}
			addresses, err := newAddresses(listen)
			if err != nil {
				return err
			}
			w.Listen, w.URL = addresses.open, addresses.url
			env, err := scenario.NewEnv(cmd.Context(), w, e.Scenario, "", settings)
			if err != nil {
				return err
			}
			return serve(cmd, e.Scenario, env, args[1:], addresses)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8080", "where the service listens")
	f.addSettings(cmd)
	g.addEndpoint(cmd)
	return cmd
}

// serve runs the named services, or all.
func serve(cmd *cobra.Command, s scenario.Scenario, env scenario.Env, names []string, addresses *addresses) error {
	all, err := s.Services(env)
	if err != nil {
		return fmt.Errorf("services of %s: %w", s.Name(), err)
	}
	list := all
	if len(names) > 0 {
		list = nil
		var known []string
		for _, service := range all {
			known = append(known, service.Name)
			if service.Name == names[0] {
				list = append(list, service)
			}
		}
		if len(list) == 0 {
			return usagef("scenario %s has no service %q; it has %s", s.Name(), names[0], strings.Join(known, ", "))
		}
	}
	group, ctx := errgroup.WithContext(cmd.Context())
	for _, service := range list {
		group.Go(func() error {
			if err := service.Run(ctx); err != nil {
				return fmt.Errorf("service %s: %w", service.Name, err)
			}
			return nil
		})
	}
	group.Go(func() error {
		for _, service := range list {
			if service.Ready == nil {
				continue
			}
			if err := service.Ready(ctx); err != nil {
				if ctx.Err() != nil {
					return nil
				}
				return fmt.Errorf("service %s becoming ready: %w", service.Name, err)
			}
		}
		for name, url := range addresses.all() {
			fmt.Fprintf(cmd.OutOrStdout(), "%-10s %s\n", name, url)
		}
		fmt.Fprintln(cmd.OutOrStdout(), "ready")
		return nil
	})
	return group.Wait()
}

func newSimulateCommand(g *globals) *cobra.Command {
	f := &loadFlags{}
	var ledgerPath, url string
	cmd := &cobra.Command{
		Use:   "simulate SCENARIO --ledger FILE",
		Short: "Drive a served scenario with its simulated population",
		Long: `Send a scenario's planned events on schedule to services that run elsewhere and
write what happened to a ledger file, which ` + "`weir grade`" + ` judges. Ctrl-C stops
sending and still waits for what is in flight.`,
		Example: `  weir simulate location --ledger run.ledger --url http://127.0.0.1:8080 --for 10s
  weir grade location --ledger run.ledger`,
		Args: scenarioArg(0),
		RunE: func(cmd *cobra.Command, args []string) error {
			epoch, err := f.check()
			if ledgerPath == "" {
				err = errors.Join(err, errors.New("--ledger FILE is needed: where the record of the simulation goes"))
			}
			if err != nil {
				return &usageError{err: err}
			}
			e, w, _, err := piece(cmd, g, args, f.set)
			if err != nil {
				return err
			}
			w.Listen, w.URL = elsewhere(url)
			if f.speed != 0 && f.speed != w.Sim.Speed {
				return usagef("--speed %g: the endpoint's simulated clock runs at %g and a client cannot change it; leave --speed out", f.speed, w.Sim.Speed)
			}
			screen := newScreen(cmd.ErrOrStderr(), 1)
			rec, err := scenario.SimulateOnly(context.WithoutCancel(cmd.Context()), e, w, scenario.Options{
				RunID: newRunID(), Seed: f.seed, Epoch: epoch, Load: f.load(), Settings: f.set,
				ProcessStart: g.started, Interrupt: cmd.Context().Done(), Progress: screen.update,
			})
			screen.close()
			if err != nil {
				return err
			}
			if err := rec.WriteFile(ledgerPath); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "sent %d events as run %s; grade them with: weir grade %s --ledger %s --endpoint %s\n",
				rec.Paced, rec.RunID, args[0], ledgerPath, g.endpoint)
			return nil
		},
	}
	cmd.Flags().StringVar(&ledgerPath, "ledger", "", "file to write the record of the simulation to")
	cmd.Flags().StringVar(&url, "url", "http://127.0.0.1:8080", "where `weir serve` listens")
	f.add(cmd)
	g.addEndpoint(cmd)
	return cmd
}

func newGradeCommand(g *globals) *cobra.Command {
	var ledgerPath, jsonPath string
	cmd := &cobra.Command{
		Use:   "grade SCENARIO --ledger FILE",
		Short: "Grade a recorded simulation against what every hop holds",
		Long: `Read every durable hop of a scenario to its tail, reconcile it with the ledger
of a simulation, compare the results with the oracle, and exit 0 if the verdict
passes, 1 if it fails.`,
		Example: `  weir grade location --ledger run.ledger --endpoint http://127.0.0.1:4566 --json -`,
		Args:    scenarioArg(0),
		RunE: func(cmd *cobra.Command, args []string) error {
			if ledgerPath == "" {
				return usagef("--ledger FILE is needed: what `weir simulate --ledger` wrote")
			}
			rec, err := scenario.ReadRecord(ledgerPath)
			if err != nil {
				return err
			}
			e, w, _, err := piece(cmd, g, args, rec.Settings)
			if err != nil {
				return err
			}
			v, err := scenario.GradeOnly(cmd.Context(), e, w, rec, scenario.Options{})
			if err != nil {
				return err
			}
			return concludeGrade(cmd, v, jsonPath)
		},
	}
	cmd.Flags().StringVar(&ledgerPath, "ledger", "", "record that `weir simulate` wrote")
	cmd.Flags().StringVar(&jsonPath, "json", "", "write the verdict as JSON to FILE, or to standard output with -")
	g.addEndpoint(cmd)
	return cmd
}

// concludeGrade prints and writes the verdict of a run made by other
// processes, whose memory this one cannot see.
func concludeGrade(cmd *cobra.Command, v scenario.Verdict, jsonPath string) error {
	v.Target = "endpoint"
	v.Environment = environment()
	v.PeakRSSMethod = "not measured: the run's processes were not this one's"
	out := cmd.OutOrStdout()
	if jsonPath == "-" {
		out = cmd.ErrOrStderr()
	}
	printVerdict(out, v)
	if err := writeJSON(cmd.OutOrStdout(), jsonPath, []scenario.Verdict{v}); err != nil {
		return err
	}
	if !v.Pass {
		return failedVerdict("verdict: FAIL (%s)", v.Scenario)
	}
	return nil
}
