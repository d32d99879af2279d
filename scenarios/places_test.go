package scenarios_test

import (
	"testing"

	"github.com/weirstream/weir/scenarios/location/event"
	"github.com/weirstream/weir/scenarios/location/offers"
	"github.com/weirstream/weir/simulators/subscribers"
)

// The planted truth must be certain on the map the pipeline uses: the country
// of every place, at its centre and all along the rim of its radius. Where the
// map cannot tell, the place moves or goes, never the map.
func TestPlantedCountriesAreCertainOnTheMap(t *testing.T) {
	t.Parallel()
	finder, err := offers.Load(offers.Embedded())
	if err != nil {
		t.Fatal(err)
	}
	places, err := subscribers.Places()
	if err != nil {
		t.Fatal(err)
	}
	for _, place := range places {
		wrong := map[string]int{}
		for _, at := range append(place.Rim(72), place.Centre()) {
			if got := finder.Offer(event.Signup{Location: at}).Country; got != place.Country {
				wrong[got]++
			}
		}
		if len(wrong) > 0 {
			t.Errorf("%s (%s) at %v, %v within %v km: planted %q, the map also says %v of 73 times",
				place.Name, place.Kind, place.Latitude, place.Longitude, place.RadiusKm, place.Country, wrong)
		}
	}
}
