package oracle

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

const (
	accepts   = "every well-formed reading accepted"
	refuses   = "rubbish and wrong clocks refused naming the field"
	once      = "cab-activity holds every accepted reading exactly once"
	says      = "cab-activity says what happened"
	measured  = "cab-metrics tells every window once"
	metrics   = "zone metrics equal the oracle's"
	lagging   = "every consumer group's lag is back to zero"
	health    = "incidents open and close as planted"
	alerts    = "alerts are those that were due"
	lastState = "every cab's last state is right"
	lateTopic = "late readings are in the late topic, and no other"
	dead      = "dead letters are what was planted"
)

// What the labels plant is what the oracle works out, for many a plan.
func TestOracleAgreesWithTheLabels(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		for _, load := range []scenario.Load{
			{Rate: 300, Devices: 300, For: 6 * time.Minute},
			{Rate: 50, Devices: 20, For: 6 * time.Minute},
			{Rate: 2000, Devices: 2000, For: 20 * time.Second},
		} {
			w := newWorld(planOf(t, seed, load))
			if len(w.activity) == 0 || load.Devices > 100 && len(w.incidents) == 0 || load.For > 5*time.Minute && len(w.late) == 0 && load.Devices > 100 {
				t.Errorf("seed %d, %+v: %d readings, %d incidents, %d late", seed, load, len(w.activity), len(w.incidents), len(w.late))
			}
			expect(t, w.grade(t), nil)
		}
	}
}

func TestGradeNamesTheFirstAndCountsTheRest(t *testing.T) {
	t.Parallel()
	w := small(t)
	n := len(w.activity)
	w.activity = nil
	got := w.grade(t)[once].Got
	if want := fmt.Sprintf("%d lost: d0", n); !strings.Contains(got, want) || !strings.HasSuffix(got, fmt.Sprintf("and %d more", n-nameLimit)) {
		t.Errorf("got %s", got)
	}
}

func TestGradeStopsAndRefuses(t *testing.T) {
	t.Parallel()
	if _, err := New(nil); !errors.Is(err, errBlind) {
		t.Errorf("got %v", err)
	}
	blind := errors.New("no cluster")
	o, err := New(func(context.Context, scenario.Env) (Observed, error) { return nil, blind })
	if err != nil {
		t.Fatal(err)
	}
	grade := func(ctx context.Context, plan ...scenario.Planned) error {
		endless := func(yield func(scenario.Planned) bool) {
			for _, p := range plan {
				if !yield(p) {
					return
				}
			}
			for len(plan) == 0 && yield(scenario.Planned{Event: []byte("x"), Labels: map[string]string{event.ExpectLabel: event.ExpectRefuse}}) {
			}
		}
		_, err := o.Grade(ctx, scenario.Env{}, endless, ledger.New())
		return err
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	if err := grade(stopped); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := grade(t.Context(), scenario.Planned{Event: 7}); err == nil {
		t.Error("an event that is no reading was graded")
	}
	if err := grade(t.Context(), scenario.Planned{Event: event.Telemetry{}, Labels: map[string]string{event.ExpectLabel: event.ExpectRefuse}}); !errors.Is(err, blind) {
		t.Errorf("got %v", err)
	}
}
