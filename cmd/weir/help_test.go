package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// everyCommand is the command line, flattened; cobra's own commands left out.
func everyCommand() []*cobra.Command {
	all := []*cobra.Command{newRoot()}
	for next := 0; next < len(all); next++ {
		for _, child := range all[next].Commands() {
			if child.Name() != "help" && child.Name() != "completion" {
				all = append(all, child)
			}
		}
	}
	return all
}

// examples are the command lines of a command's examples.
func examples(cmd *cobra.Command) [][]string {
	var all [][]string
	for line := range strings.Lines(cmd.Example) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, strings.Fields(line))
		}
	}
	return all
}

func TestEveryCommandTeaches(t *testing.T) {
	t.Parallel()
	for _, cmd := range everyCommand() {
		t.Run(cmd.CommandPath(), func(t *testing.T) {
			t.Parallel()
			if cmd.Short == "" || strings.HasSuffix(cmd.Short, ".") {
				t.Errorf("short help is %q; want one line without a full stop", cmd.Short)
			}
			cmd.Flags().VisitAll(func(f *pflag.Flag) {
				if f.Usage == "" {
					t.Errorf("--%s has no help", f.Name)
				}
				// What stands in backquotes is shown as the flag's value.
				if value, _ := pflag.UnquoteUsage(f); strings.Contains(value, " ") {
					t.Errorf("--%s takes a value called %q", f.Name, value)
				}
			})
			var help bytes.Buffer
			cmd.SetOut(&help)
			if err := cmd.Help(); err != nil {
				t.Fatal(err)
			}
			for _, part := range []string{"Usage:", "Examples:", strings.TrimSpace(cmd.Example)} {
				if part == "" || !strings.Contains(help.String(), part) {
					t.Errorf("--help lacks %q:\n%s", part, help.String())
				}
			}
			for line := range strings.Lines(cmd.Long + "\n" + cmd.Example) {
				if len([]rune(line)) > 121 {
					t.Errorf("too long for a terminal: %s", line)
				}
			}
		})
	}
}

// TestEveryExampleParses finds examples that name a flag, a command or a
// number of arguments that does not exist.
func TestEveryExampleParses(t *testing.T) {
	t.Parallel()
	for _, cmd := range everyCommand() {
		own := 0
		for _, example := range examples(cmd) {
			if err := parses(example); err != nil {
				t.Errorf("%s: example %q: %v", cmd.CommandPath(), strings.Join(example, " "), err)
			}
			if strings.HasPrefix(strings.Join(example, " "), cmd.CommandPath()) {
				own++
			}
		}
		if own == 0 {
			t.Errorf("%s has no example of itself", cmd.CommandPath())
		}
	}
}

func TestEveryCommandIsThereOnce(t *testing.T) {
	t.Parallel()
	var names []string
	for _, cmd := range newRoot().Commands() {
		names = append(names, cmd.Name())
	}
	slices.Sort(names)
	want := []string{"chaos", "cloud", "dlq", "doctor", "grade", "list", "peek", "provision", "run", "serve", "simulate", "version"}
	if !slices.Equal(names, want) {
		t.Errorf("commands are %v, want %v", names, want)
	}
}

func TestExampleCheckSeesMistakes(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"weird run", "weir nothing", "weir run --no-such-flag", "weir run --for soon", "weir list everything", "weir peek",
	} {
		if parses(strings.Fields(line)) == nil {
			t.Errorf("%q passed as an example", line)
		}
	}
}

// parses checks a command line as cobra does before it runs the command.
func parses(words []string) error {
	if words[0] != "weir" {
		return usagef("does not begin with weir")
	}
	cmd, rest, err := newRoot().Find(words[1:])
	if err != nil {
		return err
	}
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	return cmd.ValidateArgs(cmd.Flags().Args())
}
