package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/platform/chaos"
)

// readChaos reads a preset by name, else a file; "" is no chaos.
func readChaos(presetOrFile string) (chaos.Schedule, error) {
	if presetOrFile == "" {
		return chaos.Schedule{}, nil
	}
	read := os.ReadFile
	if slices.Contains(chaos.PresetNames(), presetOrFile) {
		read = chaos.ReadPreset
	}
	data, err := read(presetOrFile)
	if err != nil {
		return chaos.Schedule{}, fmt.Errorf("--chaos %s: no preset (there are %s) and no file that can be read: %w",
			presetOrFile, strings.Join(chaos.PresetNames(), ", "), err)
	}
	schedule, err := chaos.Parse(data)
	if err != nil {
		return chaos.Schedule{}, fmt.Errorf("--chaos %s:\n%w", presetOrFile, err)
	}
	return schedule, nil
}

func newChaosCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "chaos",
		Short: "Show what `weir run --chaos` can break",
		Long: `Faults are injected into a run by ` + "`weir run --chaos PRESET|FILE`" + `: a preset, or a
schedule of your own in YAML. The verdict then prices every fault.`,
		Example: `  weir chaos list
  weir run location --chaos kills
  weir chaos matrix --presets kills,storm --seeds 1-5`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && args[0] == "run" {
				return usagef("no command \"run\" here; `weir run --chaos PRESET` breaks a run")
			}
			if len(args) > 0 && slices.Contains(chaos.PresetNames(), args[0]) {
				return usagef("no command %q; `weir run --chaos %[1]s` breaks a run so, `weir chaos list %[1]s` shows it", args[0])
			}
			return noSuchCommand(cmd, args)
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newChaosListCommand(), newMatrixCommand())
	return cmd
}

func newChaosListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list [PRESET]",
		Short: "List the presets, or print one as a schedule",
		Long: `List the fault presets; with a name, print that preset's schedule, which is YAML
to start one of your own from: weir chaos list storm > mine.yaml.`,
		Example: `  weir chaos list
  weir chaos list storm
  weir run location --chaos storm --seed 7`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usagef("too many words: %s", strings.Join(args[1:], " "))
			}
			return nil
		},
		ValidArgs: chaos.PresetNames(),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return listPresets(cmd)
			}
			data, err := chaos.ReadPreset(args[0])
			if err != nil {
				return &usageError{err: err}
			}
			_, err = cmd.OutOrStdout().Write(data)
			return err
		},
	}
}

func listPresets(cmd *cobra.Command) error {
	table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 3, ' ', 0)
	for _, p := range chaos.Presets() {
		fmt.Fprintf(table, "%s\t%s\n", p.Name, p.About)
	}
	return table.Flush()
}
