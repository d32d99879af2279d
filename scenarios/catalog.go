// Package scenarios is the catalog: the five scenarios, each with its
// simulator and its grader.
package scenarios

import (
	"fmt"

	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab"
	"github.com/weirstream/weir/scenarios/cab/event"
	caboracle "github.com/weirstream/weir/scenarios/cab/oracle"
	"github.com/weirstream/weir/scenarios/location"
	"github.com/weirstream/weir/scenarios/location/oracle"
	"github.com/weirstream/weir/simulators/cabs"
	"github.com/weirstream/weir/simulators/subscribers"
)

// Entry is one scenario of the catalog. New is nil while it is only planned.
type Entry struct {
	Name  string
	Story string
	New   func() (scenario.Entry, error)
}

// Catalog lists the five scenarios in the order of the whitepaper. A scenario
// is in weir if and only if it stands here with a New.
func Catalog() []Entry {
	return []Entry{
		{Name: "location", Story: "Subscribers sign up somewhere on Earth and see the bandwidth offers of the place", New: newLocation},
		{Name: "badge", Story: "Badge reads tell a security team where the crowd gathers"},
		{Name: "pricing", Story: "Clicks, catalog and orders set the price of a sneaker"},
		{Name: "fleet", Story: "Trucks' sensors open and close anomalies within seconds"},
		{Name: "cab", Story: "Cab telemetry on Kafka becomes activity, health and zone metrics", New: newCab},
	}
}

// Find is the catalog's entry of a name.
func Find(name string) (Entry, bool) {
	for _, e := range Catalog() {
		if e.Name == name {
			return e, true
		}
	}
	return Entry{}, false
}

func newCab() (scenario.Entry, error) {
	simulator, err := cabs.New(cabs.Config{Closing: event.Lateness + 2*event.Window})
	if err != nil {
		return scenario.Entry{}, fmt.Errorf("cabs: %w", err)
	}
	grader, err := caboracle.New(caboracle.Observe)
	if err != nil {
		return scenario.Entry{}, fmt.Errorf("oracle: %w", err)
	}
	return scenario.Entry{Scenario: cab.New(), Simulator: simulator, Grader: grader}, nil
}

func newLocation() (scenario.Entry, error) {
	simulator, err := subscribers.New(subscribers.Config{})
	if err != nil {
		return scenario.Entry{}, fmt.Errorf("subscribers: %w", err)
	}
	grader, err := oracle.New(location.OfferBook())
	if err != nil {
		return scenario.Entry{}, fmt.Errorf("oracle: %w", err)
	}
	return scenario.Entry{Scenario: location.New(), Simulator: simulator, Grader: grader}, nil
}
