package cabs

import (
	"iter"
	"math/bits"
	"math/rand/v2"
	"time"

	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// scheduleStream is the random stream of the schedule; a device's stream has its number.
const scheduleStream = 1 << 32

// Plan has load.Rate readings taken per simulated second until load.For or Cut, by the
// cabs on shift in turn. It keeps a few hundred bytes per cab, and the readings
// that are held back: in a tunnel for seconds, by a late sender for minutes.
// What would be sent after that is not in the plan, but for what
// Config.Closing asks for.
//
// The plan plants what is hard and leaves no doubt what is right. Whether a
// reading is late does not depend on how fast it travels, if the job allows for
// a lateness of 30 seconds up to two minutes: one held back by a tunnel comes
// within half of that, and one sent late comes when its cab has long sent
// readings of minutes later. Around a reading that is missing for good, a cab's
// passengers and health do not change.
//
// Labels are shared between events and must not be changed; nor must a
// reading's tyres.
func (s *Simulator) Plan(seed uint64, epoch time.Time, load scenario.Load) iter.Seq[scenario.Planned] {
	return func(yield func(scenario.Planned) bool) {
		population := min(load.Devices, ledger.MaxDevice+1)
		if population < 1 || !(load.Rate > 0) || load.For <= 0 {
			return
		}
		end := load.For
		if load.Cut > 0 {
			end = min(end, load.Cut)
		}
		f := newFleet(seed, epoch, load.For, population)
		if f.report(newSlots(seed, load.Rate, 0), end, yield) {
			f.closing, f.end = true, end
			f.report(newSlots(seed, f.closingRate(load.Rate), end), end+s.cfg.Closing, yield)
		}
	}
}

// Closing implements scenario.Closer.
func (s *Simulator) Closing() time.Duration { return s.cfg.Closing }

// closingOneIn of the rate is enough when there is nothing new to say, as long as
// so many cabs have their turn in each minute, or all there are: whatever partition
// one was heard on hears of it again.
const (
	closingOneIn = 10
	closingTurns = 64
)

func (f *fleet) closingRate(rate float64) float64 {
	heard := 0
	for _, c := range f.cabs {
		if c.heard() {
			heard++
		}
	}
	return min(rate, max(rate/closingOneIn, float64(min(heard, closingTurns))/time.Minute.Seconds()))
}

// report yields the readings of all slots before the end, and what has its
// appointment before. It is false if no more is wanted or to be had.
func (f *fleet) report(slots *slots, end time.Duration, yield func(scenario.Planned) bool) bool {
	for at := slots.next(); at < end; at = slots.next() {
		if !f.keep(at, yield) {
			return false
		}
		c := f.reporter(at)
		if c == nil {
			continue
		}
		p, outcome := f.read(c, at)
		if outcome == exhausted || outcome == sent && !yield(p) {
			return false
		}
	}
	return f.keep(end-1, yield)
}

// keep keeps the appointments up to an instant.
func (f *fleet) keep(at time.Duration, yield func(scenario.Planned) bool) bool {
	for f.later.due(at) {
		if p, ok := f.release(); ok && !yield(p) {
			return false
		}
	}
	return true
}

// fleet is the state of a plan.
type fleet struct {
	seed    uint64
	epoch   event.Millis
	end     time.Duration
	closing bool // the end has passed
	cabs    []*cab
	turn    int // whose reading is next
	later   agenda
	labels  labels
	rubbish rubbish
}

func newFleet(seed uint64, epoch time.Time, end time.Duration, population int) *fleet {
	return &fleet{
		seed: seed, epoch: event.MillisOf(epoch), end: end,
		cabs: make([]*cab, population), labels: labels{}, rubbish: newRubbish(),
	}
}

// reporter is the next cab in turn to report: of those on shift, and after the end
// of those that were heard, whose shift may be over, for their partitions' sake;
// nil if there is none.
func (f *fleet) reporter(at time.Duration) *cab {
	if !f.closing {
		return f.onShift(at)
	}
	for range f.cabs {
		c := f.cabs[f.turn]
		f.turn = (f.turn + 1) % len(f.cabs)
		if c.heard() && !c.missing() { // what follows a gap waits for a watermark that may not come any more
			return c
		}
	}
	return nil
}

// onShift is the next cab in turn that is on shift, or the next one of all if
// none is.
func (f *fleet) onShift(at time.Duration) *cab {
	minute := f.minuteOfDay(at)
	var first *cab
	for range f.cabs {
		device := f.turn
		f.turn = (f.turn + 1) % len(f.cabs)
		c := f.cabs[device]
		if c == nil {
			c = newCab(f.seed, uint32(device))
			f.cabs[device] = c
		}
		if c.onShift(minute) {
			return c
		}
		if first == nil {
			first = c
		}
	}
	return first
}

func (f *fleet) timeOf(at time.Duration) event.Millis {
	return f.epoch + event.Millis(at/time.Millisecond)
}

func (f *fleet) minuteOfDay(at time.Duration) int {
	const day = event.Millis(24 * time.Hour / time.Millisecond)
	return int((f.timeOf(at)%day + day) % day / event.Millis(time.Minute/time.Millisecond))
}

// slots are the instants at which readings are taken: one in each interval of
// the rate, somewhere in it. They are whole numbers, so that they are the same
// on every machine.
type slots struct {
	src     *rand.PCG
	spacing uint64 // in 2^-16 ns
	begin   uint64 // of the interval, ns
	rest    uint64 // 2^-16 ns
}

func newSlots(seed uint64, rate float64, begin time.Duration) *slots {
	const slowest, fastest = 1.0 / 1000, 1e8 // per second; beyond them the spacing overflows or is nothing
	spacing := 1e9 / min(max(rate, slowest), fastest)
	return &slots{src: rand.NewPCG(seed, scheduleStream), spacing: uint64(spacing * (1 << 16)), begin: uint64(begin)}
}

func (s *slots) next() time.Duration {
	within, _ := bits.Mul64(s.spacing, s.src.Uint64())
	at := s.begin + within>>16
	s.rest += s.spacing
	s.begin += s.rest >> 16
	s.rest &= 1<<16 - 1
	return time.Duration(at)
}

// below draws a whole number in [0, n).
func below(src *rand.PCG, n int) int {
	hi, _ := bits.Mul64(src.Uint64(), uint64(n))
	return int(hi)
}
