package cabs

import "github.com/weirstream/weir/scenarios/cab/event"

// kind is a kind of vehicle health.
type kind uint8

const (
	battery kind = iota
	engine
	gps
	tyre
	kinds
)

func (k kind) String() string {
	return [...]string{event.Battery, event.Engine, event.GPS, event.Tyre}[k]
}

// fault is an episode in which a cab's readings violate a limit.
type fault struct {
	kind kind
	left int // readings to come; 0 is none
	// flickers is set if single readings in between are healthy, which closes nothing.
	flickers bool
}

// How often a fault begins, per reading of a healthy cab, and how long it lasts.
const (
	faultOneIn   = 400
	glitchOneIn  = 3 // of the faults: too short to open an incident
	flickerOneIn = 4 // of the faults, and of their readings
	faultMin     = event.IncidentStreak + 1
	faultSpread  = 17
)

// ail begins a fault now and then and says which limit this reading violates.
func (c *cab) ail() (violated kind, any bool) {
	src := &c.src
	if c.fault.left == 0 {
		if c.calm < calmMin || c.quiet > 0 || below(src, faultOneIn) != 0 {
			return 0, false
		}
		c.fault = fault{kind: kind(below(src, int(kinds))), left: faultMin + below(src, faultSpread)}
		switch draw := below(src, glitchOneIn*flickerOneIn); {
		case draw < flickerOneIn:
			c.fault.left = 1 + below(src, event.IncidentStreak-1)
		case draw < flickerOneIn+2:
			c.fault.flickers = true
		}
		if c.fault.kind == tyre && c.schema == event.SchemaOld {
			c.fault.kind = engine // older firmware knows no tyres
		}
	}
	c.fault.left--
	if c.fault.flickers && below(src, flickerOneIn) == 0 {
		return 0, false
	}
	return c.fault.kind, true
}

// streak follows one kind of health over a cab's accepted readings. It is the
// planted truth; the oracle counts for itself.
type streak struct {
	bad, good uint8 // in a row, up to event.IncidentStreak
	open      bool
}

// change is what a reading does to an incident.
type change uint8

const (
	nothing change = iota
	opens
	closes
)

func (s *streak) count(violated bool) change {
	if violated {
		s.bad, s.good = min(s.bad+1, event.IncidentStreak), 0
	} else {
		s.good, s.bad = min(s.good+1, event.IncidentStreak), 0
	}
	switch {
	case !s.open && s.bad == event.IncidentStreak:
		s.open = true
		return opens
	case s.open && s.good == event.IncidentStreak:
		s.open = false
		return closes
	}
	return nothing
}

// feel fills in a reading's health, far from the limits or, now and then,
// healthy right at one.
func (c *cab) feel(t *event.Telemetry, violated kind, any bool) {
	draw := c.src.Uint64()
	t.EngineC = 80 + float64(draw>>2&31)*0.5
	t.BatteryV = float64(120+draw>>7&15) / 10
	t.GPSOK, t.TyreKPa = true, c.tyres
	if any {
		c.violate(t, violated, int(draw>>11&63))
		return
	}
	const edgeOneIn = 256
	if draw>>17%edgeOneIn != 0 {
		return
	}
	t.EngineC, t.BatteryV = event.EngineMaxC, event.BatteryMinV
	if c.tyres != nil {
		t.TyreKPa = []float64{c.tyres[0], c.tyres[1], event.TyreMinKPa, c.tyres[3]}
	}
}

func (c *cab) violate(t *event.Telemetry, violated kind, by int) {
	switch violated {
	case engine:
		t.EngineC = event.EngineMaxC + 0.5 + float64(by)*0.5
	case battery:
		t.BatteryV = float64(114-by/3) / 10
	case tyre:
		t.TyreKPa = []float64{c.tyres[0], c.tyres[1], c.tyres[2], c.tyres[3]}
		t.TyreKPa[by%4] = event.TyreMinKPa - 1 - float64(by)
	case gps:
		t.GPSOK = false
	}
}
