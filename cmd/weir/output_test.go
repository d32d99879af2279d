package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/weirstream/weir/platform/observe"
	"github.com/weirstream/weir/platform/scenario"
)

// full is an output that takes nothing.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left") }

// A verdict that nobody can read is no pass, and a failed one stays failed.
func TestUnwrittenVerdictIsNoPass(t *testing.T) {
	t.Parallel()
	cmd := &cobra.Command{}
	cmd.SetOut(full{})
	for _, test := range []struct {
		pass bool
		want int
	}{{true, exitUsage}, {false, exitFailed}} {
		v := scenario.Verdict{Scenario: "location", Pass: test.pass}
		graded := concludeGrade(cmd, v, "")
		ran := (&runFlags{}).conclude(cmd, full{}, []scenario.Verdict{v}, observe.NewMemorySampler())
		for _, err := range []error{graded, ran} {
			if exitCode(err) != test.want || !strings.Contains(err.Error(), "no space left") {
				t.Errorf("pass %v: exit %d, %v", test.pass, exitCode(err), err)
			}
		}
	}
}
