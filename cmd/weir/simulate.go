package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/platform/scenario"
)

func newSimulateCommand(g *globals) *cobra.Command {
	f := &loadFlags{}
	var ledgerPath, url string
	cmd := &cobra.Command{
		Use:   "simulate SCENARIO --ledger FILE",
		Short: "Drive a served scenario with its simulated population",
		Long: `Send a scenario's planned events on schedule to services that run elsewhere and
write what happened to a ledger file, which ` + "`weir grade`" + ` judges. Ctrl-C cuts the
plan short: what closes it is still sent, and what is in flight waited for.

Where services run in several processes, --url is that of the one that takes the
devices' requests: location's app; cab's hub, or cab's app if the hub is in its
process. Sent elsewhere, nothing is ever acknowledged.`,
		Example: `  weir simulate location --ledger run.ledger --url http://127.0.0.1:8080 --for 10s
  weir grade location --ledger run.ledger

  # Into a hub served alone: weir serve cab hub --listen 127.0.0.1:8081
  weir simulate cab --ledger cab.ledger --url http://127.0.0.1:8081 --for 10s`,
		Args: scenarioArg(0),
		RunE: func(cmd *cobra.Command, args []string) error {
			epoch, err := f.check()
			problems := []error{err, checkLedgerOutput(ledgerPath)}
			if ledgerPath == "" {
				problems = append(problems, errors.New("--ledger FILE is needed: where the record of the simulation goes"))
			}
			if !isURL(url) {
				problems = append(problems, fmt.Errorf("--url %q is not a URL; give what `weir serve` printed, such as http://127.0.0.1:8080", url))
			}
			e, w, settings, err := piece(cmd, g, args, f.set, problems...)
			if err != nil {
				return err
			}
			if epoch, err = f.epochAt(e.Scenario, epoch, w.Sim); err != nil {
				return &usageError{err: err}
			}
			if err := f.checkPlan(e, epoch, e.Scenario.Defaults(settings).Load); err != nil {
				return &usageError{err: err}
			}
			w.Listen, w.URL = elsewhere(url)
			if f.speed != 0 && f.speed != w.Sim.Speed {
				return usagef("--speed %g: the endpoint's simulated clock runs at %g and a client cannot change it; leave --speed out", f.speed, w.Sim.Speed)
			}
			if err := answers(cmd.Context(), url); err != nil {
				return err
			}
			screen := newScreen(cmd.ErrOrStderr(), 1)
			rec, err := scenario.SimulateOnly(context.WithoutCancel(cmd.Context()), e, w, scenario.Options{
				RunID: newRunID(), Seed: f.seed, Epoch: epoch, Load: f.load(), Settings: settings,
				ProcessStart: g.started, Interrupt: cmd.Context().Done(), Progress: screen.update,
			})
			screen.close()
			if err != nil {
				return notBegun([]error{err})
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
	cmd.Flags().StringVar(&url, "url", "http://127.0.0.1:8080", "`URL` of the served service that takes the devices' requests")
	f.add(cmd)
	cmd.Flags().Lookup("epoch").Usage = "simulated time of the first event, RFC 3339 (default: the endpoint's now)"
	g.addEndpoint(cmd)
	return cmd
}
