package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/platform/scenario"
)

func newProvisionCommand(g *globals) *cobra.Command {
	f := &loadFlags{}
	cmd := &cobra.Command{
		Use:   "provision SCENARIO",
		Short: "Create a scenario's roles and resources at an endpoint",
		Long: `Create a scenario's roles, streams, functions and queues at an endpoint, under
the scenario's own deployer role, and wait until all of it is usable.

It is idempotent. Run again with other settings it brings functions and their
mappings up to date, and leaves streams and topics as they are: streams keep their
shards, and for topics with other partitions than the setting asks it fails and
says what to do.`,
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
				return fmt.Errorf("provision %s: %w", args[0], engineless(cmd.Context(), err))
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s is provisioned at %s\n", args[0], g.endpoint)
			return nil
		},
	}
	f.addSettings(cmd)
	g.addEndpoint(cmd)
	return cmd
}
