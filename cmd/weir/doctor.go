package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// finding is what the doctor has to say about one thing.
type finding struct {
	Name     string `json:"name"`
	OK       bool   `json:"ok"`
	Required bool   `json:"required"` // weir does not work without it
	Found    string `json:"found"`
	Remedy   string `json:"remedy,omitempty"` // what to do, if not OK
}

// examination looks at one thing; it returns within ctx.
type examination func(ctx context.Context) finding

// examinations is everything the doctor looks at, in order of importance.
func examinations() []examination {
	return append(necessities(),
		examineCPUs,
		examineMemory,
		examinePSS,
		examineDefaultPort,
		examineAWSEnvironment,
		examineGo,
		examineCompiler,
		examineDocker,
		examineBrowser,
		examineAWSCLI,
	)
}

// necessities are what no run can do without; each is quick to look at.
func necessities() []examination {
	return []examination{examineLoopback, examineExecutable, examineTemp, examineDescriptors}
}

func newDoctorCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Say what this machine has and lacks, with the remedy",
		Long: `Look at this machine and say what weir finds, what is missing, what that costs
and what to do about it. Exits 2 if something weir cannot work without is
missing, else 0.`,
		Example: `  weir doctor
  weir doctor --json`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			findings := examine(cmd.Context(), examinations())
			if err := printFindings(cmd, findings, asJSON); err != nil {
				return err
			}
			return missing(findings)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "write a JSON array")
	return cmd
}

func examine(ctx context.Context, all []examination) []finding {
	const patience = 3 * time.Second // a stuck container engine must not hold up the rest
	findings := make([]finding, 0, len(all))
	for _, look := range all {
		ctx, cancel := context.WithTimeout(ctx, patience)
		findings = append(findings, look(ctx))
		cancel()
	}
	return findings
}

func printFindings(cmd *cobra.Command, findings []finding, asJSON bool) error {
	out := cmd.OutOrStdout()
	if asJSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(findings)
	}
	l := lookOf(out)
	for _, f := range findings {
		if _, err := fmt.Fprintf(out, "%s %-20s %s\n", f.mark(l), f.Name, f.Found); err != nil {
			return err
		}
		if !f.OK && f.Remedy != "" {
			fmt.Fprintf(out, "%-28s%s\n", "", f.Remedy)
		}
	}
	return nil
}

// mark is ok, MISSING (required) or - (nice to have).
func (f finding) mark(l look) string {
	switch {
	case f.OK:
		return l.paint(green, "ok     ")
	case f.Required:
		return l.paint(red, "MISSING")
	default:
		return l.paint(yellow, "-      ")
	}
}

// missing is an error that names every required thing that is not there.
func missing(findings []finding) error {
	var problems []error
	for _, f := range findings {
		if f.Required && !f.OK {
			problems = append(problems, fmt.Errorf("%s: %s; %s", f.Name, f.Found, f.Remedy))
		}
	}
	return errors.Join(problems...)
}

// isTerminal tells whether a person watches w.
func isTerminal(w any) bool {
	file, ok := w.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(file.Fd()))
}
