package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/platform/scenario"
)

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
			problems := []error{checkOutput("--json", jsonPath)}
			var rec scenario.Record
			if ledgerPath == "" {
				problems = append(problems, errors.New("--ledger FILE is needed: what `weir simulate --ledger` wrote"))
			} else {
				var err error
				rec, err = scenario.ReadRecord(ledgerPath)
				problems = append(problems, err)
				if err == nil && rec.Scenario != args[0] {
					problems = append(problems, fmt.Errorf("--ledger %s is of scenario %s, not %s; grade it with: weir grade %[2]s --ledger %[1]s",
						ledgerPath, rec.Scenario, args[0]))
					rec.Settings = nil // which are the other's
				}
			}
			e, w, _, err := piece(cmd, g, args, rec.Settings, problems...)
			if err != nil {
				return err
			}
			screen := newScreen(cmd.ErrOrStderr(), 1)
			v, err := scenario.GradeOnly(cmd.Context(), e, w, rec, scenario.Options{Progress: screen.update})
			screen.close()
			if cmd.Context().Err() != nil {
				return &exitError{code: exitInterrupted, err: errors.New("interrupted before everything was read, so nothing was graded")}
			}
			if err != nil {
				return err
			}
			return concludeGrade(cmd, v, jsonPath)
		},
	}
	cmd.Flags().StringVar(&ledgerPath, "ledger", "", "record that weir simulate wrote to `FILE`")
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
	err := printVerdict(out, v)
	err = errors.Join(err, writeJSON(cmd.OutOrStdout(), jsonPath, []scenario.Verdict{v}))
	if !v.Pass {
		return errors.Join(failedVerdict("verdict: FAIL (%s)", v.Scenario), err)
	}
	return err
}
