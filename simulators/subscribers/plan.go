package subscribers

import (
	"fmt"
	"iter"
	"math/bits"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/brianvoe/gofakeit/v7"

	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/location/event"
)

// The mix of a plan, in per cent.
const (
	malformedPercent = 3
	hardPercent      = 15 // of the well-formed: borders, islands, oceans, poles
)

// arrivalStream is the random stream of the schedule; a device's stream has its number.
const arrivalStream = 1 << 32

// Plan draws a Poisson process of load.Rate events per simulated second until
// load.For, each from a device chosen evenly and from a place chosen afresh: a
// subscriber may travel. It keeps a few hundred bytes per device that has
// signed up and nothing per event. Labels are shared between events and must
// not be changed.
func (s *Simulator) Plan(seed uint64, epoch time.Time, load scenario.Load) iter.Seq[scenario.Planned] {
	return func(yield func(scenario.Planned) bool) {
		population := min(load.Devices, ledger.MaxDevice+1)
		if population < 1 || !(load.Rate > 0) {
			return
		}
		due := newArrivals(seed, load.Rate)
		subscribers := make([]*subscriber, population)
		for at := due.next(); at < load.For; at = due.next() {
			device := below(due.src, population)
			who := subscribers[device]
			if who == nil {
				who = newSubscriber(seed, uint32(device))
				subscribers[device] = who
			}
			if who.next > ledger.MaxSeq {
				return
			}
			id := ledger.ID{Device: uint32(device), Seq: who.next}
			who.next++
			if !yield(s.planned(who, id, at, epoch)) {
				return
			}
		}
	}
}

func (s *Simulator) planned(who *subscriber, id ledger.ID, at time.Duration, epoch time.Time) scenario.Planned {
	signup := event.Signup{
		ID:            id.String(),
		EventTime:     event.Time{Time: epoch.Add(at).UTC().Truncate(time.Millisecond)},
		SchemaVersion: event.SchemaVersion,
		Subscriber:    event.Subscriber{Name: who.name, Email: who.email},
	}
	if below(&who.src, 100) < malformedPercent {
		body, labels := s.rubbish.draw(&who.src, signup)
		return scenario.Planned{ID: id, At: at, Event: body, Labels: labels}
	}
	place := s.places.draw(&who.src)
	signup.Location = place.somewhere(&who.src)
	return scenario.Planned{ID: id, At: at, Event: signup, Labels: place.labels}
}

// subscriber is one device's owner and its random stream.
type subscriber struct {
	src         rand.PCG
	name, email string
	next        uint32
}

func newSubscriber(seed uint64, device uint32) *subscriber {
	s := &subscriber{src: *rand.NewPCG(seed, uint64(device))}
	fake := gofakeit.NewFaker(&s.src, false)
	first, last := fake.FirstName(), fake.LastName()
	s.name = first + " " + last
	// A reserved domain: nobody's real address is ever made up.
	s.email = strings.ToLower(fmt.Sprintf("%s.%s.%d@example.org", letters(first), letters(last), device))
	return s
}

func letters(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, name)
}

// arrivals is a Poisson process in whole numbers, so that it is the same on
// every machine: no logarithm and no sum whose rounding could differ.
type arrivals struct {
	src  *rand.PCG
	mean uint64 // between events, in 2^-16 ns
	at   uint64 // ns
	rest uint64 // 2^-16 ns
}

func newArrivals(seed uint64, rate float64) *arrivals {
	const slowest = 1.0 / 1000 // per second; slower ones would overflow
	mean := 1e9 / max(rate, slowest)
	return &arrivals{src: rand.NewPCG(seed, arrivalStream), mean: uint64(mean * (1 << 16))}
}

func (a *arrivals) next() time.Duration {
	hi, lo := bits.Mul64(a.mean, exponential(a.src))
	a.rest += hi<<32 | lo>>32
	a.at += a.rest >> 16
	a.rest &= 1<<16 - 1
	return time.Duration(a.at)
}

// exponential draws from the unit exponential distribution, in 2^-32, by von
// Neumann's method: it only compares uniform numbers. A falling run of them
// has odd length with probability e^-first; each failure adds one whole unit.
func exponential(src *rand.PCG) uint64 {
	for whole := uint64(0); ; whole++ {
		first := src.Uint64()
		last, odd := first, true
		for next := src.Uint64(); next < last; next = src.Uint64() {
			last, odd = next, !odd
		}
		if odd {
			return whole<<32 | first>>32
		}
	}
}

// below draws a whole number in [0, n).
func below(src *rand.PCG, n int) int {
	hi, _ := bits.Mul64(src.Uint64(), uint64(n))
	return int(hi)
}
