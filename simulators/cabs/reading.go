package cabs

import (
	"time"

	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// outcome is what becomes of a reading.
type outcome uint8

const (
	sent      outcome = iota // at once
	heldBack                 // for later, perhaps for ever
	exhausted                // the device has no sequence left
)

// What devices do, beside their faults.
const (
	clockAhead      = time.Hour // of a skewed device
	rubbishPercent  = 30        // of a rubbishy device's readings, at most
	repeatPerMille  = 20        // of the readings that arrive in time are sent twice
	lateOneIn       = 20        // of a tardy device's readings, at most
	lateMin         = 4 * time.Minute
	lateSpread      = 2 * time.Minute
	stillLateBeyond = 210 * time.Second // so much later a cab was live again: then a reading is late for certain
	tunnelMeanMs    = 600_000           // between two tunnels of a cab
	tunnelMin       = 5 * time.Second
	tunnelSpread    = 10 * time.Second
	burstSpread     = 500 * time.Millisecond // in which a tunnel's readings arrive, in any order
	beforeTheEnd    = 10 * time.Second       // the last tunnel ends
)

// read takes the reading of a cab at an instant.
func (f *fleet) read(c *cab, at time.Duration) (scenario.Planned, outcome) {
	if c.next > ledger.MaxSeq {
		return scenario.Planned{}, exhausted
	}
	p := scenario.Planned{ID: ledger.ID{Device: c.device, Seq: c.next}, At: at}
	c.next++
	ms := int((at - c.at) / time.Millisecond)
	c.at = at
	c.drive(ms)
	if f.closing {
		c.quiet = max(c.quiet, 1)
	}
	if c.role != regular {
		if odd, how, done := f.odd(c, p); done {
			return odd, how
		}
	}
	l := label{expect: accept, move: stays, closing: f.closing}
	if c.quiet == 0 && p.ID.Seq > 0 {
		l.move = c.serve(ms, f.minuteOfDay(at))
	}
	violated, any := c.ail()
	c.locate(!any || violated != gps)
	t := f.telemetry(c, p)
	c.feel(&t, violated, any)
	l.zone, l.again = c.zone(), c.again()
	l.kind, l.change = c.judge(violated, any)
	c.settle(l.move != stays || any)
	if at < c.tunnelUntil {
		t.Buffered, l.buffered = true, true
		p.Event, p.Labels = t, f.labels.of(l)
		p.At = c.tunnelUntil + time.Duration(below(&c.src, int(burstSpread)))
		f.later.add(appointment{planned: p})
		return p, heldBack
	}
	c.delivered = at
	c.enterTunnel(ms, f.end)
	p.Event, p.Labels = t, f.labels.of(l)
	return p, sent
}

// odd takes a reading of a device with a role; done is false if it is an
// ordinary one this time.
func (f *fleet) odd(c *cab, p scenario.Planned) (odd scenario.Planned, how outcome, done bool) {
	switch {
	case c.role == skewed:
		c.locate(true)
		t := f.telemetry(c, p)
		t.EventTime += event.Millis(clockAhead / time.Millisecond)
		c.feel(&t, 0, false)
		p.Event, p.Labels = t, f.rubbish.skewed
		return p, sent, true
	case !c.mayMiss():
		return p, sent, false
	case c.role == rubbishy && below(&c.src, 100) < rubbishPercent:
		c.miss()
		c.locate(true)
		t := f.telemetry(c, p)
		c.feel(&t, 0, false)
		p.Event, p.Labels = f.rubbish.draw(&c.src, t)
		return p, sent, true
	case c.role == tardy && below(&c.src, lateOneIn) == 0:
		due := p.At + lateMin + time.Duration(below(&c.src, int(lateSpread)))
		if due >= f.end {
			return p, sent, false
		}
		c.miss()
		c.locate(true)
		t := f.telemetry(c, p)
		t.Buffered = true
		c.feel(&t, 0, false)
		taken := p.At
		p.Event, p.Labels = t, f.labels.of(label{expect: late, zone: c.zone(), buffered: true})
		p.At = due
		f.later.add(appointment{planned: p, cab: c, taken: taken})
		return p, heldBack, true
	}
	return p, sent, false
}

// release hands out what the agenda has next. A late sender's reading is sent
// only if it is late for certain: if its cab has been live long after it, on
// the same partition. Else it never is.
func (f *fleet) release() (scenario.Planned, bool) {
	a := f.later.pop()
	if a.cab != nil && a.cab.delivered < a.taken+stillLateBeyond {
		return scenario.Planned{}, false
	}
	return a.planned, true
}

func (f *fleet) telemetry(c *cab, p scenario.Planned) event.Telemetry {
	return event.Telemetry{
		ID: event.TelemetryID(p.ID.Device, p.ID.Seq), Cab: c.name, Seq: int64(p.ID.Seq),
		EventTime: f.timeOf(p.At), Schema: c.schema, Firmware: c.firmware,
		Lat:      float64(event.CitySouth+c.shownUp) / event.UnitsPerDegree,
		Lon:      float64(event.CityWest+c.shownRight) / event.UnitsPerDegree,
		SpeedKmh: float64(c.speedHalf) / 2, Hired: c.hired,
	}
}

// mayMiss tells whether a reading may be missing for good here: nothing
// changed of late.
func (c *cab) mayMiss() bool {
	return c.calm >= calmMin && c.quiet == 0 && c.fault.left == 0 && c.at >= c.tunnelUntil
}

// miss keeps everything as it is for a while, and the passenger aboard or not.
func (c *cab) miss() { c.calm, c.quiet = 0, calmMin }

// missing tells whether the last reading is missing for good.
func (c *cab) missing() bool { return c.quiet == calmMin }

// heard tells whether a reading of the cab has come through in time.
func (c *cab) heard() bool { return c != nil && c.delivered > 0 }

// settle counts readings since the last change.
func (c *cab) settle(changed bool) {
	c.quiet = max(c.quiet-1, 0)
	if c.calm++; changed {
		c.calm = 0
	}
}

// locate takes over the position, which a device without GPS does not know.
func (c *cab) locate(known bool) {
	if known {
		c.shownUp, c.shownRight = c.up, c.right
	}
}

// zone is where the GPS says the cab is. What is right on a border is in the
// higher zone.
func (c *cab) zone() uint8 {
	row := min(c.shownUp/event.ZoneHeight, event.ZoneRows-1)
	column := min(c.shownRight/event.ZoneWidth, event.ZoneColumns-1)
	return uint8(row*event.ZoneColumns + column)
}

func (c *cab) again() repeat {
	switch draw := below(&c.src, 2000); {
	case draw < repeatPerMille:
		return atOnce
	case draw < 2*repeatPerMille:
		return inTheNextBatch
	}
	return never
}

// judge is what this reading does to the cab's incidents: to one at most, for a
// fault begins long after the one before has ended.
func (c *cab) judge(violated kind, any bool) (kind, change) {
	which, what := kind(0), nothing
	for k := range kinds {
		if done := c.health[k].count(any && violated == k); done != nothing {
			which, what = k, done
		}
	}
	return which, what
}

// enterTunnel has the next readings held back now and then.
func (c *cab) enterTunnel(ms int, end time.Duration) {
	if below(&c.src, tunnelMeanMs) >= min(ms, tunnelMeanMs) {
		return
	}
	until := c.at + tunnelMin + time.Duration(below(&c.src, int(tunnelSpread)))
	if until < end-beforeTheEnd {
		c.tunnelUntil = until
	}
}
