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
		Long:  "List the five scenarios, each with what it does. Those marked planned do not exist yet.",
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
	table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 3, ' ', 0)
	for _, entry := range scenarios.Catalog() {
		fmt.Fprintf(table, "%s\t%s\t%s\n", entry.Name, status(entry), entry.Story)
	}
	return table.Flush()
}

func listJSON(cmd *cobra.Command) error {
	type row struct {
		Name   string `json:"name"`
		Status string `json:"status"`
		Story  string `json:"story"`
	}
	var rows []row
	for _, entry := range scenarios.Catalog() {
		rows = append(rows, row{entry.Name, status(entry), entry.Story})
	}
	out := json.NewEncoder(cmd.OutOrStdout())
	out.SetIndent("", "  ")
	return out.Encode(rows)
}

func status(entry scenarios.Entry) string {
	if entry.New == nil {
		return "planned"
	}
	return "ready"
}
