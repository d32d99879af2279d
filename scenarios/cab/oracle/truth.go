package oracle

import (
	"errors"
	"fmt"
	"math"

	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// truth is what the plan makes true.
type truth struct {
	intake
	base    event.Millis // what readings count their time from
	begun   bool
	cabs    []*cab // by device
	windows map[windowKey]*window
	alerts  map[alertKey]*alert

	inTime, late, incidents int
}

// cab is what is true of one cab.
type cab struct {
	device    uint32
	name      string
	readings  []reading // by sequence
	last      int       // highest sequence in time, or -1
	lat, lon  float64   // there
	schema    int
	incidents []incident
	observed  bool // its last state was
}

// reading is a reading in 12 bytes, for there are millions.
type reading struct {
	at    int32 // ms after the base
	speed float32
	zone  uint8
	said  uint8 // fate, hired, violations
	means uint8 // passenger and open incidents, once all is known
	seen  uint8 // where it was observed
}

// said
const (
	fateBits     uint8 = 3
	hiredBit     uint8 = 1 << 2
	violationBit       = 4 // the first of one bit for each of the kinds
)

// means
const (
	pickUpBit  uint8 = 1 << 0
	dropOffBit uint8 = 1 << 1
	openBit          = 2 // the first of one bit for each of the kinds
	closingBit uint8 = 1 << 6
)

func (r reading) fate() fate          { return fate(r.said & fateBits) }
func (r reading) hired() bool         { return r.said&hiredBit != 0 }
func (r reading) violates(k int) bool { return r.said>>(violationBit+k)&1 != 0 }
func (r reading) open(k int) bool     { return r.means>>(openBit+k)&1 != 0 }

// kinds are sorted, as lists of them must be.
func kinds() [4]string { return [...]string{event.Battery, event.Engine, event.GPS, event.Tyre} }

func newTruth(l *ledger.Ledger) *truth {
	return &truth{intake: intake{ledger: l}, windows: map[windowKey]*window{}, alerts: map[alertKey]*alert{}}
}

var errTooLong = errors.New("its time is weeks from the first reading's")

// plan takes one planned reading over.
func (t *truth) plan(p scenario.Planned) error {
	expect := p.Labels[event.ExpectLabel]
	r, wellFormed := p.Event.(event.Telemetry)
	switch {
	case expect == event.ExpectRefuse:
		t.mistaken(p)
		t.reading(p.ID).said = uint8(refused)
		return nil
	case !wellFormed || expect != event.ExpectAccept && expect != event.ExpectLate:
		return fmt.Errorf("the plan has a %T labelled expect=%q", p.Event, expect)
	case !t.wellFormed(p.ID):
		return nil
	}
	if !t.begun {
		t.base, t.begun = r.EventTime, true
	}
	after := r.EventTime - t.base
	if after < math.MinInt32 || after > math.MaxInt32 {
		return errTooLong
	}
	to := t.reading(p.ID)
	*to = reading{at: int32(after), speed: float32(r.SpeedKmh), zone: zoneOf(r.Lat, r.Lon), said: uint8(inTime)}
	if expect == event.ExpectLate {
		to.said = uint8(late)
		t.late++
		return nil
	}
	t.inTime++
	if r.Hired {
		to.said |= hiredBit
	}
	if p.Labels[event.ClosingLabel] != "" {
		to.means = closingBit
	}
	for k, violated := range violations(&r) {
		if violated {
			to.said |= 1 << (violationBit + k)
		}
	}
	if c := t.cabs[p.ID.Device]; int(p.ID.Seq) >= c.last {
		c.last, c.lat, c.lon, c.schema = int(p.ID.Seq), r.Lat, r.Lon, r.Schema
	}
	return nil
}

// reading is the place of a reading, new if need be.
func (t *truth) reading(id ledger.ID) *reading {
	for int(id.Device) >= len(t.cabs) {
		t.cabs = append(t.cabs, nil)
	}
	c := t.cabs[id.Device]
	if c == nil {
		c = &cab{device: id.Device, name: fmt.Sprintf("cab-%08d", id.Device), last: -1}
		t.cabs[id.Device] = c
	}
	for int(id.Seq) >= len(c.readings) {
		c.readings = append(c.readings, reading{})
	}
	return &c.readings[id.Seq]
}

// find is an observed reading's place, or nil if nobody planned it.
func (t *truth) find(id string) (*cab, int) {
	at, err := ledger.ParseID(id)
	if err != nil || int(at.Device) >= len(t.cabs) {
		return nil, 0
	}
	c := t.cabs[at.Device]
	if c == nil || int(at.Seq) >= len(c.readings) {
		return nil, 0
	}
	return c, int(at.Seq)
}

func (t *truth) timeOf(r *reading) event.Millis { return t.base + event.Millis(r.at) }

// violations are those of the limits that a reading says it breaks, by kind.
func violations(r *event.Telemetry) [4]bool {
	const engineMax, batteryMin, tyreMin = 110, 11.5, 180
	flat := false
	for _, pressure := range r.TyreKPa {
		flat = flat || pressure < tyreMin
	}
	return [...]bool{r.BatteryV < batteryMin, r.EngineC > engineMax, !r.GPSOK, flat}
}

// zoneOf counts in whole units from the corner of the city: row × 8 + column.
func zoneOf(lat, lon float64) uint8 {
	up := int(math.Round(lat*event.UnitsPerDegree)) - event.CitySouth
	right := int(math.Round(lon*event.UnitsPerDegree)) - event.CityWest
	row := min(max(up, 0)/event.ZoneHeight, event.ZoneRows-1)
	column := min(max(right, 0)/event.ZoneWidth, event.ZoneColumns-1)
	return uint8(row*event.ZoneColumns + column)
}

func zoneName(zone uint8) string {
	return fmt.Sprintf("zone-%d-%d", zone/event.ZoneColumns, zone%event.ZoneColumns)
}
