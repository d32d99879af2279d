package geo

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func load(t testing.TB) *World {
	w, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestLocate(t *testing.T) {
	t.Parallel()
	w := load(t)
	for _, c := range []struct {
		name     string
		lat, lon float64
		want     string // "" is at sea
	}{
		{"Lisbon, on the coast", 38.7223, -9.1393, "Portugal"},
		{"New York, between arms of the sea", 40.7128, -74.0060, "United States of America"},
		{"Mumbai harbour", 18.9220, 72.8347, "India"},
		{"Tokyo", 35.6762, 139.6503, "Japan"},
		{"Maseru, in a hole of South Africa", -29.3151, 27.4869, "Lesotho"},
		{"San Marino, in a hole of Italy", 43.9424, 12.4578, "San Marino"},
		{"Vatican, as the map draws it", 41.902, 12.435, "Vatican"},
		{"Anadyr, east of the antimeridian's start", 64.7337, 177.4968, "Russia"},
		{"Uelen, Chukotka, west longitude", 66.1594, -169.8092, "Russia"},
		{"Suva", -18.1248, 178.4501, "Fiji"},
		{"Taveuni, on the antimeridian, from the west", -16.8, 180, "Fiji"},
		{"Taveuni, on the antimeridian, from the east", -16.8, -180, "Fiji"},
		{"the South Pole", -90, 0, "Antarctica"},
		{"near the South Pole", -89.9995, 123, "Antarctica"},
		{"Vostok", -78.4645, 106.8339, "Antarctica"},
		{"the North Pole", 90, 12, ""},
		{"mid-Atlantic", 0, -30, ""},
		{"mid-Pacific, antimeridian", 0, 180, ""},
		{"Point Nemo", -48.8767, -123.3933, ""},
		{"Caspian Sea", 42, 51, ""},
		{"Malé", 4.1755, 73.5093, "Maldives"},
		{"Reykjavík", 64.1466, -21.9426, "Iceland"},
		{"Hamilton, Bermuda", 32.2949, -64.7830, "Bermuda"},
		{"Pristina, no numeric id", 42.6629, 21.1655, "Kosovo"},
		{"Cocos Islands, no numeric id", -12.1708, 96.8417, "Indian Ocean Ter."},
		{"Basel, three countries", 47.5596, 7.5886, "Switzerland"},
		{"Singapore", 1.3521, 103.8198, "Singapore"},
		{"9 km off Portugal", 39.5, -9.17, "Portugal"},
		{"60 km off Portugal", 39.5, -9.8, ""},
	} {
		country, ok := w.Locate(c.lon, c.lat)
		got := ""
		if ok {
			got = w.Countries()[country].Name
		}
		if got != c.want {
			t.Errorf("%s (%v, %v): got %q, want %q", c.name, c.lat, c.lon, got, c.want)
		}
	}
}

// Looking north through the index and looking south through every border must
// agree on every position: the labels of both sides are then consistent.
func TestNorthAndSouthAgree(t *testing.T) {
	t.Parallel()
	w := load(t)
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Float64Range(0, w.scale.width-1).Draw(t, "x")
		y := rapid.Float64Range(0, 100_000).Draw(t, "y")
		label, nearest := uint8(sea), math.Inf(-1)
		for i, country := range w.Countries() {
			if country.Name == "Antarctica" {
				label = uint8(i) // below every border
			}
		}
		for _, b := range w.borders {
			if x < float64(b.x1) || x >= float64(b.x2) {
				continue
			}
			hit := float64(b.y1) + (x-float64(b.x1))*float64(b.y2-b.y1)/float64(b.x2-b.x1)
			if math.Abs(hit-y) < 1e-6 || hit == nearest {
				t.Skip("on a border or below a corner")
			}
			if hit < y && hit > nearest {
				label, nearest = b.north, hit
			}
		}
		if got := w.southOfNextBorder(x, y); got != label {
			t.Fatalf("north says %d, south says %d", got, label)
		}
	})
}

func TestWholeTurnsAreTheSamePlace(t *testing.T) {
	t.Parallel()
	w := load(t)
	rapid.Check(t, func(t *rapid.T) {
		lon := float64(rapid.IntRange(-180, 179).Draw(t, "lon")) + 0.25
		lat := rapid.Float64Range(-90, 90).Draw(t, "lat")
		a, okA := w.Locate(lon, lat)
		b, okB := w.Locate(lon+360, lat)
		if a != b || okA != okB {
			t.Fatalf("lon %v: %d %v, a turn further %d %v", lon, a, okA, b, okB)
		}
	})
}

func TestDecodeRefusesRubbish(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 3, len(magic), 40, 2000, len(world) / 2, len(world) - 1} {
		if _, err := decode(world[:n]); err == nil {
			t.Errorf("a file cut at %d bytes was accepted", n)
		}
	}
}

func BenchmarkLocate(b *testing.B) {
	w := load(b)
	random := rand.New(rand.NewPCG(1, 1))
	for b.Loop() {
		w.Locate(random.Float64()*360-180, random.Float64()*150-65)
	}
}

func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		load(b)
	}
}
