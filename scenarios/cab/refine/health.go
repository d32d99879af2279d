package refine

import (
	"slices"

	"github.com/weirstream/weir/scenarios/cab/event"
)

// check is one kind of incident. A reading that does not tell neither opens nor
// closes one.
type check struct {
	kind  string
	judge func(t *event.Telemetry) (violated, told bool)
}

// checks are in the order of their kinds.
func checks() [4]check {
	return [...]check{
		{event.Battery, func(t *event.Telemetry) (bool, bool) { return t.BatteryV < event.BatteryMinV, true }},
		{event.Engine, func(t *event.Telemetry) (bool, bool) { return t.EngineC > event.EngineMaxC, true }},
		{event.GPS, func(t *event.Telemetry) (bool, bool) { return !t.GPSOK, true }},
		{event.Tyre, func(t *event.Telemetry) (bool, bool) {
			return slices.ContainsFunc(t.TyreKPa, func(kPa float64) bool { return kPa < event.TyreMinKPa }), len(t.TyreKPa) > 0
		}},
	}
}

// health opens an incident with the third violation in a row and closes it with
// the third reading in a row without. A gap in the sequences breaks no row:
// what is missing says nothing.
func (c *cab) health(t *event.Telemetry, a *event.Activity) {
	for _, check := range checks() {
		violated, told := check.judge(t)
		s := c.Streaks[check.kind]
		if s == nil {
			if !violated {
				continue
			}
			s = &streak{}
			if c.Streaks == nil {
				c.Streaks = map[string]*streak{}
			}
			c.Streaks[check.kind] = s
		}
		if told {
			if change := s.turn(violated, t); change != "" {
				a.Health = append(a.Health, event.HealthChange{Kind: check.kind, Change: change, OpenedSeq: s.OpenedSeq, OpenedAt: s.OpenedAt})
			}
		}
		switch {
		case s.Open:
			a.Open = append(a.Open, check.kind)
		case s.Violations == 0:
			delete(c.Streaks, check.kind)
		}
	}
}

// turn counts a reading and says what it changed, "" for nothing.
func (s *streak) turn(violated bool, t *event.Telemetry) string {
	if s.Open {
		s.Calm++
		if violated {
			s.Calm = 0
		}
		if s.Calm < event.IncidentStreak {
			return ""
		}
		s.Open, s.Calm, s.Violations = false, 0, 0
		return event.Closed
	}
	s.Violations++
	if !violated {
		s.Violations = 0
	}
	if s.Violations < event.IncidentStreak {
		return ""
	}
	s.Open, s.OpenedSeq, s.OpenedAt = true, t.Seq, t.EventTime
	return event.Opened
}
