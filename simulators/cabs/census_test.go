package cabs

import (
	"math"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// census counts what a plan plants.
type census struct {
	expect, held, again, passenger, opens, closes, mistakes, zones map[string]int
	total, old                                                     int
}

func count(plan func(func(scenario.Planned) bool)) census {
	c := census{
		map[string]int{},
		map[string]int{},
		map[string]int{},
		map[string]int{},
		map[string]int{},
		map[string]int{},
		map[string]int{},
		map[string]int{},
		0, 0,
	}
	for p := range plan {
		c.total++
		c.expect[p.Labels[event.ExpectLabel]]++
		c.held[p.Labels["held"]]++
		c.again[p.Labels["again"]]++
		c.passenger[p.Labels["passenger"]]++
		c.opens[p.Labels["opens"]]++
		c.closes[p.Labels["closes"]]++
		c.mistakes[p.Labels[event.MistakeLabel]]++
		c.zones[p.Labels["zone"]]++
		if r, ok := p.Event.(event.Telemetry); ok && r.Schema == event.SchemaOld {
			c.old++
		}
	}
	return c
}

// A plan of ordinary size has everything that the scenario is about.
func TestPlanHasEverything(t *testing.T) {
	t.Parallel()
	load := scenario.Load{Rate: 1000, Devices: 1000, For: 6 * time.Minute}
	c := count(population(t).Plan(3, epoch, load))
	t.Logf("%+v", c)
	if want := load.Rate * load.For.Seconds(); math.Abs(float64(c.total)-want) > want/200 {
		t.Errorf("%d events, want about %v", c.total, want)
	}
	for what, n := range map[string]int{
		"late": c.expect[event.ExpectLate], "refuse": c.expect[event.ExpectRefuse], "tunnel": c.held["tunnel"], "now": c.again["now"],
		"later": c.again["later"], "in": c.passenger["in"], "out": c.passenger["out"], "old firmware": c.old,
		"skew": c.mistakes["clock an hour ahead"], "battery": c.closes["battery"], "engine": c.closes["engine"],
		"gps": c.closes["gps"], "tyre": c.closes["tyre"],
	} {
		if n < 20 {
			t.Errorf("%d of %s", n, what)
		}
	}
	for _, m := range mistakes() {
		if c.mistakes[m.name] == 0 {
			t.Errorf("nobody makes the mistake %q", m.name)
		}
	}
	if accepted := float64(c.expect[event.ExpectAccept]) / float64(c.total); accepted < 0.95 {
		t.Errorf("only %.1f%% of the plan is ordinary", 100*accepted)
	}
	if len(c.zones) < event.ZoneRows*event.ZoneColumns {
		t.Errorf("cabs are in %d zones only", len(c.zones))
	}
}
