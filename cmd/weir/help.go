package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// newHelpCommand is cobra's, but a word that is no command is a mistake.
func newHelpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Help about any command",
		Long:  "Say what a command does, as `weir COMMAND --help` does.",
		Example: `  weir help run
  weir help chaos list`,
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			switch {
			case about == nil || err != nil:
				return noSuchCommand(cmd.Root(), args)
			case len(rest) > 0 && about.HasSubCommands():
				return noSuchCommand(about, rest)
			case len(rest) > 0:
				return usagef("%s has no command %q below it", about.CommandPath(), strings.Join(rest, " "))
			}
			about.SetOut(cmd.OutOrStdout())
			return about.Help()
		},
	}
}
