package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/platform/scenario"
)

const serveLong = `Run the long-running services of a provisioned scenario against an endpoint
until Ctrl-C, which lets each finish what it has in hand: all in this process, or
each in one of its own with a --listen of its own.

Devices send to one of them, whose URL is printed and is what ` + "`weir simulate --url`" + `
wants: location's app, cab's hub. Cab's app hands their requests on to a hub in the
same process; alone it answers them with 503.

Cab's refine, measure and index may each run in several processes, which share the
partitions. They are static members of their consumer group, each under the id that
GROUP_INSTANCE_ID names, else SERVICE@HOST: one that is back within 45 s has its
partitions again and no other stops. Of two with the same id the older ends, so a
second one on a host needs an id of its own:
GROUP_INSTANCE_ID=refine-2 weir serve cab refine --listen 127.0.0.1:0`

const serveExample = `  weir serve location --endpoint http://127.0.0.1:4566 --listen 127.0.0.1:8080
  weir serve location app

  # All of cab; devices may send to the page's address
  weir serve cab --listen 127.0.0.1:8080

  # The hub of cab alone, which is then where devices send
  weir serve cab hub --listen 127.0.0.1:8081`

func newServeCommand(g *globals) *cobra.Command {
	f := &loadFlags{}
	var listen string
	cmd := &cobra.Command{
		Use:     "serve SCENARIO [SERVICE]",
		Short:   "Run a scenario's services, or one of them, until Ctrl-C",
		Long:    serveLong,
		Example: serveExample,
		Args:    scenarioArg(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			e, w, settings, err := piece(cmd, g, args, f.set, checkListen(listen))
			if err != nil {
				return err
			}
			addresses, err := newAddresses(listen)
			if err != nil {
				return err
			}
			defer addresses.close()
			w.Listen, w.URL = addresses.open, addresses.url
			env, err := scenario.NewEnv(cmd.Context(), w, e.Scenario, "", settings)
			if err != nil {
				return err
			}
			service := ""
			if len(args) > 1 {
				service = args[1]
			}
			return serve(cmd, e.Scenario, env, service, addresses)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8080", "where the service listens")
	f.addSettings(cmd)
	g.addEndpoint(cmd)
	return cmd
}

// serve runs the service of that name, or all without one.
func serve(cmd *cobra.Command, s scenario.Scenario, env scenario.Env, name string, addresses *addresses) error {
	all, err := s.Services(env)
	if err != nil {
		return fmt.Errorf("services of %s: %w", s.Name(), err)
	}
	list, err := chosen(s, all, name)
	if err != nil {
		return err
	}
	err = scenario.Serve(cmd.Context(), s, env, list, func() {
		addresses.print(cmd.OutOrStdout())
		fmt.Fprintln(cmd.OutOrStdout(), "ready")
	})
	return unprovisioned(err, s.Name())
}

// chosen is the service of a name, or all for "".
func chosen(s scenario.Scenario, all []scenario.Service, name string) ([]scenario.Service, error) {
	if name == "" {
		return all, nil
	}
	var known []string
	for _, service := range all {
		if service.Name == name {
			return []scenario.Service{service}, nil
		}
		known = append(known, service.Name)
	}
	return nil, usagef("scenario %s has no service %q; it has %s", s.Name(), name, strings.Join(known, ", "))
}
