package scenarios_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/location/event"
	"github.com/weirstream/weir/scenarios/location/intake"
	"github.com/weirstream/weir/scenarios/location/offers"
	"github.com/weirstream/weir/scenarios/location/oracle"
	"github.com/weirstream/weir/simulators/subscribers"
)

// The function's library and the oracle share no code and must agree on every
// planned signup; what the plan calls malformed must be refused as planned.
func TestLibraryAndOracleAgree(t *testing.T) {
	t.Parallel()
	finder, err := offers.Load(offers.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	grader, err := oracle.New(offers.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	population, err := subscribers.New(subscribers.Config{})
	if err != nil {
		t.Fatal(err)
	}
	for seed := uint64(1); seed <= 3; seed++ {
		plan := population.Plan(seed, time.Unix(1767225600, 0), scenario.Load{Rate: 1000, Devices: 500, For: 10 * time.Second})
		l := ledger.New()
		for p := range plan {
			l.Sent(p.ID)
			switch e := p.Event.(type) {
			case []byte:
				if len(e) > 1<<20 { // the app refuses it by its size
					l.Refused(p.ID, `field ""`)
				} else if _, bad := intake.Decode(e); bad != nil {
					l.Refused(p.ID, "field "+strconv.Quote(bad.Field))
				} else {
					l.Acknowledged(p.ID)
				}
			case event.Signup:
				l.Acknowledged(p.ID)
				l.Arrived(event.BrowserPoint, p.ID)
				l.Outcome(p.ID, finder.Offer(e).Answer())
			}
		}
		outcomes, err := grader.Grade(t.Context(), scenario.Env{}, plan, l)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range outcomes {
			if !o.Pass {
				t.Errorf("seed %d: %s: got %s, want %s", seed, o.Name, o.Got, o.Want)
			}
		}
	}
}
