package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/scenarios"
)

func newListCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the scenarios",
		Long:  "List the five scenarios, each with what it does, and their settings. Those marked planned do not exist yet.",
		Example: `  weir list
  weir list --json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asJSON {
				return listJSON(cmd)
			}
			return listTable(cmd)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write a JSON array")
	return cmd
}

func listTable(cmd *cobra.Command) error {
	rows, err := listed()
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 3, ' ', 0)
	for _, row := range rows {
		fmt.Fprintf(table, "%s\t%s\t%s\n", row.Name, row.Status, row.Story)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(cmd.OutOrStdout(), "\nSettings and their defaults, for --set name=value:")
	for _, row := range rows {
		for _, s := range row.Settings {
			fmt.Fprintf(table, "%s\t%s=%s\t%s\n", row.Name, s.Name, s.Default, s.Help)
		}
	}
	return table.Flush()
}

func listJSON(cmd *cobra.Command) error {
	rows, err := listed()
	if err != nil {
		return err
	}
	out := json.NewEncoder(cmd.OutOrStdout())
	out.SetIndent("", "  ")
	return out.Encode(rows)
}

type listedScenario struct {
	Name     string          `json:"name"`
	Status   string          `json:"status"`
	Story    string          `json:"story"`
	Settings []listedSetting `json:"settings,omitempty"`
}

type listedSetting struct {
	Name    string   `json:"name"`
	Default string   `json:"default"`
	Allowed []string `json:"allowed,omitempty"` // any text if absent
	Help    string   `json:"help"`
}

// listed is the catalog; a scenario that is only planned has no settings yet.
func listed() ([]listedScenario, error) {
	var rows []listedScenario
	for _, entry := range scenarios.Catalog() {
		row := listedScenario{Name: entry.Name, Status: status(entry), Story: entry.Story}
		if entry.New != nil {
			built, err := entry.New()
			if err != nil {
				return nil, fmt.Errorf("scenario %s: %w", entry.Name, err)
			}
			for _, s := range built.Scenario.Settings() {
				row.Settings = append(row.Settings, listedSetting{s.Name, s.Default, s.Allowed, s.Help})
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func status(entry scenarios.Entry) string {
	if entry.New == nil {
		return "planned"
	}
	return "ready"
}
