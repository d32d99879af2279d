package oracle

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/scenarios/location/event"
)

func TestNewSaysEveryProblem(t *testing.T) {
	t.Parallel()
	_, err := New([]byte(`{"countries":[{"code":"FR","region":"Europe"},{"code":"FR","region":"Asia"}]}`))
	for _, want := range []string{"earth_radius_km", "points of presence", `"Europe"`, `"Asia"`, "twice"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want it to say %s", err, want)
		}
	}
	if _, err := New([]byte("{")); err == nil {
		t.Error("half a book is a book")
	}
}

// Quarters of the sphere, and distances by the haversine formula.
func TestGreatCircle(t *testing.T) {
	t.Parallel()
	const radius, quarter = 6371.0088, 6371.0088 * math.Pi / 2
	for _, c := range []struct {
		lat1, lon1, lat2, lon2, km float64
	}{
		{0, 0, 0, 0, 0},
		{0, 0, 0, 90, quarter},
		{0, 0, 0, 180, 2 * quarter},
		{90, 0, -90, 123, 2 * quarter},
		{10, 180, 10, -180, 0},
		{0, 179.5, 0, -179.5, quarter / 90},
		{51.5074, -0.1278, 40.7128, -74.006, 5570.2},    // London – New York
		{-33.8688, 151.2093, 35.6762, 139.6503, 7825.8}, // Sydney – Tokyo
	} {
		got := toVector(c.lat1, c.lon1).angle(toVector(c.lat2, c.lon2)) * radius
		if math.Abs(got-c.km) > 0.5 {
			t.Errorf("%+v: got %.1f km", c, got)
		}
	}
}

func TestAngleIsSymmetricAndMatchesTheChord(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lat, lon := rapid.Float64Range(-90, 90), rapid.Float64Range(-180, 180)
		a, b := toVector(lat.Draw(t, "lat a"), lon.Draw(t, "lon a")), toVector(lat.Draw(t, "lat b"), lon.Draw(t, "lon b"))
		if there, back := a.angle(b), b.angle(a); math.Abs(there-back) > 1e-12 || there < 0 || there > math.Pi {
			t.Fatalf("%v there, %v back", there, back)
		}
		if chord := math.Hypot(math.Hypot(a.x-b.x, a.y-b.y), a.z-b.z); math.Abs(2*math.Asin(min(chord/2, 1))-a.angle(b)) > 1e-7 {
			t.Fatalf("angle %v for chord %v", a.angle(b), chord)
		}
	})
}

// Of two equally near points the first in the book wins, even if its distance
// differs in the last bit.
func TestNearestTakesTheFirstOfTwins(t *testing.T) {
	t.Parallel()
	o, err := New([]byte(book))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := o.book.nearest(event.Location{Latitude: 46, Longitude: 9}); got != "zrh" {
		t.Errorf("got %s", got)
	}
}
