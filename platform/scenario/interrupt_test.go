package scenario_test

import (
	"context"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
)

// TestInterruptClosesThePlan has a run that is interrupted send what closes its plan.
func TestInterruptClosesThePlan(t *testing.T) {
	t.Parallel()
	s := healthy()
	s.send, s.tail, s.closes = time.Hour, 50*time.Millisecond, true
	interrupt, shown := make(chan struct{}), make(chan struct{})
	var last time.Duration
	sent := 0
	s.simulate = func(ctx context.Context, due iter.Seq[scenario.Planned], l *ledger.Ledger) error {
		return deliver(ctx, func(yield func(scenario.Planned) bool) {
			for p := range due {
				if sent++; sent == 20 {
					close(interrupt)
					select {
					case <-shown:
					case <-time.After(time.Minute):
						t.Error("the interrupt is not shown")
					}
				}
				last = p.At
				if !yield(p) {
					return
				}
			}
		}, l)
	}
	var said string // while it closes
	v := run(t, s, scenario.Options{Interrupt: interrupt, ProgressEvery: time.Millisecond, Progress: func(p scenario.Progress) {
		if p.Phase == scenario.Closing && said == "" {
			said = p.Waiting
			close(shown)
		}
	}})
	if !v.Pass || !v.Interrupted {
		t.Fatalf("pass %v, interrupted %v: %+v", v.Pass, v.Interrupted, v.Outcomes)
	}
	if said != "what closes the plan, 50ms of simulated time" {
		t.Errorf("waits for %q", said)
	}
	if l := v.Load; l.Rate != 200 || l.Devices != 3 || l.ForSeconds != 3600 || l.CutSeconds <= 0.09 || l.CutSeconds > 0.2 {
		t.Errorf("load %+v", l)
	}
	// One event may be on its way when the interrupt comes.
	if n := v.Hops[0].Sent; n < 21 || n > 22 || last < 19*5*time.Millisecond+s.tail {
		t.Errorf("%d sent, the last one at %v: want the 20 before the interrupt and what closes them", n, last)
	}
}

// TestInterruptGradesWhatWasSent stops a long run after some events.
func TestInterruptGradesWhatWasSent(t *testing.T) {
	t.Parallel()
	s := healthy()
	s.send = time.Hour
	interrupt := make(chan struct{})
	sent := 0
	s.simulate = func(ctx context.Context, due iter.Seq[scenario.Planned], l *ledger.Ledger) error {
		return deliver(ctx, func(yield func(scenario.Planned) bool) {
			for p := range due {
				if sent++; sent == 20 {
					close(interrupt)
				}
				if !yield(p) {
					return
				}
			}
		}, l)
	}
	v := run(t, s, scenario.Options{Interrupt: interrupt})
	if !v.Pass || !v.Interrupted {
		t.Fatalf("pass %v, interrupted %v: %+v", v.Pass, v.Interrupted, v.Outcomes)
	}
	if v.Hops[0].Sent != 20 {
		t.Errorf("%d sent, want the 20 before the interrupt", v.Hops[0].Sent)
	}
	if want := fmt.Sprintf("interrupted; %d events were sent", v.Hops[0].Sent); len(v.Skipped) != 1 || v.Skipped[0].Reason != want {
		t.Errorf("skipped %+v, want %q", v.Skipped, want)
	}
}
