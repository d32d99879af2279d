package cabs

import "github.com/weirstream/weir/scenarios/cab/event"

// expect is what must become of a reading.
type expect uint8

const (
	accept expect = iota // it counts in its window
	late                 // it is accepted, and too late for its window
)

// repeat is whether a device sends a reading twice.
type repeat uint8

const (
	never repeat = iota
	atOnce
	inTheNextBatch
)

// move is what a passenger does.
type move uint8

const (
	stays move = iota
	pickUp
	dropOff
)

// label is the planted truth about a reading.
type label struct {
	expect   expect
	zone     uint8
	again    repeat
	move     move
	buffered bool
	closing  bool
	kind     kind // of the change
	change   change
}

// labels keeps each combination once: a plan has some thousands of them.
type labels map[label]map[string]string

// of is the label as a plan has it:
//
//	expect            accept, late, or refuse (then field and mistake say why)
//	zone              where the reading was taken
//	again             now or later, if the device sends it twice
//	passenger         in or out, on the first reading with another state
//	opens, closes     the kind of an incident
//	held              tunnel, or minutes, if it was not sent at once
//	closing           yes, if it was taken after load.For or load.Cut
func (all labels) of(l label) map[string]string {
	if known := all[l]; known != nil {
		return known
	}
	m := map[string]string{
		event.ExpectLabel: [...]string{event.ExpectAccept, event.ExpectLate}[l.expect],
		"zone":            event.ZoneName(int(l.zone)/event.ZoneColumns, int(l.zone)%event.ZoneColumns),
	}
	if l.again != never {
		m[againLabel] = [...]string{"", againNow, againLater}[l.again]
	}
	if l.move != stays {
		m["passenger"] = [...]string{"", "in", "out"}[l.move]
	}
	if l.change != nothing {
		m[[...]string{"", "opens", "closes"}[l.change]] = l.kind.String()
	}
	if l.buffered {
		m["held"] = [...]string{"tunnel", "minutes"}[l.expect]
	}
	if l.closing {
		m[event.ClosingLabel] = "yes"
	}
	all[l] = m
	return m
}

// The label that the simulation itself obeys.
const (
	againLabel = "again"
	againNow   = "now"
	againLater = "later"
)
