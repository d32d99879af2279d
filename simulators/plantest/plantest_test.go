package plantest

import (
	"context"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
)

// broken is a simulator with a fault in its plans.
type broken struct {
	fault string
	calls *atomic.Uint32
}

func (b broken) Plan(seed uint64, _ time.Time, load scenario.Load) iter.Seq[scenario.Planned] {
	call := b.calls.Add(1)
	return func(yield func(scenario.Planned) bool) {
		if b.fault != "never empty" && !(load.Rate > 0 && load.Devices > 0 && load.For > 0) {
			return
		}
		for i := range uint32(10) {
			p := scenario.Planned{ID: ledger.ID{Device: uint32(seed), Seq: i}}
			switch b.fault {
			case "seedless":
				p.ID.Device = 7
			case "of its own each time":
				p.ID.Device = call
			}
			if !yield(p) {
				return
			}
		}
	}
}

func (broken) Simulate(context.Context, scenario.Env, iter.Seq[scenario.Planned], *ledger.Ledger) error {
	return nil
}

const faultVar = "PLANTEST_FAULT"

// TestFaults is what TestFaultsAreSeen runs, each time with another fault.
func TestFaults(t *testing.T) {
	fault := os.Getenv(faultVar)
	s := broken{fault, new(atomic.Uint32)}
	g := Golden{Seed: 7, Load: scenario.Load{Rate: 1, Devices: 1, For: time.Second}, Events: 10}
	var err error
	if g.SHA256, err = g.hash(broken{"", new(atomic.Uint32)}, 7); err != nil {
		t.Fatal(err)
	}
	if fault == "another" {
		g.SHA256 = "x" + g.SHA256[1:]
	}
	Same(t, s, g)
	Empty(t, s)
}

func TestFaultsAreSeen(t *testing.T) {
	t.Parallel()
	for fault, said := range map[string]string{
		"another": "the plan of seed 7 hashes to", "seedless": "seed 8 has the plan of seed 7",
		"of its own each time": "beside others", "never empty": "{Rate:0 Devices:0",
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			again := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFaults$")
			again.Env = append(os.Environ(), fmt.Sprintf("%s=%s", faultVar, fault))
			out, err := again.CombinedOutput()
			if err == nil || !strings.Contains(string(out), said) {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}
