package cabs

import (
	"math/rand/v2"
	"time"

	"github.com/weirstream/weir/scenarios/cab/event"
)

// role is what is odd about a device for its whole life.
type role uint8

const (
	regular  role = iota
	rubbishy      // sends rubbish now and then
	skewed        // its clock is an hour ahead
	tardy         // sends a reading minutes late now and then
)

// The mix of the population, of a thousand cabs.
const (
	rubbishyPerMille = 10
	skewedPerMille   = 10
	tardyPerMille    = 20
	oldPerMille      = 150 // with older firmware
	hiredPerMille    = 450 // at the start
)

// calmMin is how many readings without a passenger's or a fault's coming or
// going lie between such a change and a reading that is missing for good.
const calmMin = 4

// cab is one cab's state. Positions count in units from the city's south-west
// corner, so that nothing depends on how a machine rounds.
type cab struct {
	src        rand.PCG
	name       string
	firmware   string
	device     uint32
	next       uint32 // sequence of the next reading
	role       role
	schema     int
	shiftStart int // minute of the day
	shiftLen   int // minutes

	up, right     int // position
	toUp, toRight int
	shownUp       int // what its GPS says
	shownRight    int
	rest          int // of a unit that it drove
	speedHalf     int // in halves of a km/h
	hired         bool
	at            time.Duration // of the last reading

	calm        int // readings since anything changed, was wrong or is missing
	quiet       int // readings to come in which nothing may change
	fault       fault
	health      [kinds]streak
	tyres       []float64 // healthy ones
	tunnelUntil time.Duration
	delivered   time.Duration // when the latest reading that was sent at once was taken
}

func newCab(seed uint64, device uint32) *cab {
	c := &cab{
		src: *rand.NewPCG(seed, uint64(device)), device: device, name: event.CabName(device),
		schema: event.Schema, firmware: "2.1",
	}
	src := &c.src
	switch draw := below(src, 1000); {
	case draw < rubbishyPerMille:
		c.role = rubbishy
	case draw < rubbishyPerMille+skewedPerMille:
		c.role = skewed
	case draw < rubbishyPerMille+skewedPerMille+tardyPerMille:
		c.role = tardy
	}
	if c.role != rubbishy && below(src, 1000) < oldPerMille {
		c.schema, c.firmware = event.SchemaOld, ""
	} else {
		base := 210 + below(src, 30)
		for range 4 {
			c.tyres = append(c.tyres, float64(base+below(src, 5)))
		}
	}
	c.shiftStart, c.shiftLen = below(src, dayMinutes), 600+below(src, 121)
	c.up, c.right = crossing(src)
	c.shownUp, c.shownRight = c.up, c.right
	c.hired = below(src, 1000) < hiredPerMille
	c.retarget()
	return c
}

const dayMinutes = 24 * 60

// onShift tells whether the cab works; no shift ends with a passenger or in a tunnel.
func (c *cab) onShift(minute int) bool {
	return c.hired || c.at < c.tunnelUntil || (minute-c.shiftStart+dayMinutes)%dayMinutes < c.shiftLen
}

// Streets are lines of the grid, some of them on the border of two zones.
const (
	blockUp, blockRight = 250, 300
	blocksUp            = event.ZoneRows * event.ZoneHeight / blockUp
	blocksRight         = event.ZoneColumns * event.ZoneWidth / blockRight
)

func crossing(src *rand.PCG) (up, right int) {
	return below(src, blocksUp+1) * blockUp, below(src, blocksRight+1) * blockRight
}

// retarget picks where to go: mostly some blocks away, sometimes the centre.
func (c *cab) retarget() {
	const reach, centralPercent = 6, 15
	src := &c.src
	if below(src, 100) < centralPercent {
		c.toUp = (blocksUp*3/8 + below(src, blocksUp/4)) * blockUp
		c.toRight = (blocksRight*3/8 + below(src, blocksRight/4)) * blockRight
		return
	}
	c.toUp = min(max(c.up/blockUp+below(src, 2*reach+1)-reach, 0), blocksUp) * blockUp
	c.toRight = min(max(c.right/blockRight+below(src, 2*reach+1)-reach, 0), blocksRight) * blockRight
}

func (c *cab) arrived() bool { return c.up == c.toUp && c.right == c.toRight }

// drive moves the cab for ms milliseconds, along a street, then along another.
func (c *cab) drive(ms int) {
	const longestMs = 10_000 // after a break it goes on where it stood
	if c.arrived() {
		c.speedHalf = 0
		return
	}
	switch draw := below(&c.src, 16); {
	case draw == 0:
		c.speedHalf = 0 // a red light
	case draw < 4 || c.speedHalf == 0:
		c.speedHalf = 20 + below(&c.src, 101)
	}
	// Half a km/h is an eighth of a unit, about a metre, per second.
	const msPerUnit = 8000
	c.rest += c.speedHalf * min(ms, longestMs)
	units := c.rest / msPerUnit
	c.rest %= msPerUnit
	units -= advance(&c.right, c.toRight, units)
	advance(&c.up, c.toUp, units)
}

// advance moves *at towards to by at most units and says by how many.
func advance(at *int, to, units int) int {
	if *at > to {
		moved := min(*at-to, units)
		*at -= moved
		return moved
	}
	moved := min(to-*at, units)
	*at += moved
	return moved
}

// demandOf is how many people want a cab in an hour of the day, in per cent.
func demandOf(hour int) int {
	return [...]int{
		50, 40, 30, 20, 20, 30, 60, 100, 120, 100, 80, 80,
		90, 90, 80, 80, 90, 110, 130, 120, 110, 110, 100, 80,
	}[hour]
}

// meanWaitMs is how long a free cab waits for a passenger at a demand of 100 %.
const meanWaitMs = 40_000

// serve lets passengers in and out.
func (c *cab) serve(ms, minute int) move {
	switch {
	case c.hired && c.arrived():
		c.hired = false
		c.retarget()
		return dropOff
	case c.hired:
	case below(&c.src, meanWaitMs*100) < min(ms, meanWaitMs)*c.demand(minute):
		c.hired = true
		c.retarget()
		return pickUp
	case c.arrived():
		c.retarget()
	}
	return stays
}

// demand is higher in the centre.
func (c *cab) demand(minute int) int {
	percent := demandOf(minute / 60)
	row, column := c.up/event.ZoneHeight, c.right/event.ZoneWidth
	if row >= 2 && row <= 5 && column >= 2 && column <= 5 {
		return percent * 2
	}
	return percent
}
