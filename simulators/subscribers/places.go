package subscribers

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"strconv"
	"strings"

	"github.com/weirstream/weir/scenarios/location/event"
)

// kindLabel says what is hard about an event: a Place's Kind, or "malformed".
const kindLabel = "kind"

//go:embed cities.csv
var citiesCSV string

//go:embed hard.csv
var hardCSV string

// Place is somewhere a signup can come from. Its country is certain within
// RadiusKm of its centre; "" is the open sea.
type Place struct {
	Name                string
	Country             string
	Kind                string // city, border, enclave, island, ocean, antimeridian or pole
	Latitude, Longitude float64
	RadiusKm            float64

	weight int
	// Positions are drawn in whole units of 1e-5 degrees, about a metre, so that
	// a plan does not depend on how a machine rounds or fuses floating point.
	lat, lon, latSpan, lonSpan int64
	labels                     map[string]string
}

const (
	unitsPerDegree = 100_000
	kmPerDegree    = 111.195
	jitterSteps    = 1000 // grid points from the centre of a place to its rim
)

// places are what a plan draws from.
type places struct {
	cities     []Place
	cumulative []int // of the cities' weights
	hard       []Place
}

// Places lists every place a plan can draw from.
func Places() ([]Place, error) {
	p, err := readPlaces()
	return append(p.cities, p.hard...), err
}

func readPlaces() (places, error) {
	var p places
	err := eachRow(citiesCSV, func(row []string) error {
		city, err := newPlace(row[0], row[1], row[2], row[3], "city", row[5])
		if err != nil {
			return err
		}
		if city.weight, err = strconv.Atoi(row[4]); err != nil || city.weight < 1 {
			return fmt.Errorf("weight %q", row[4])
		}
		p.cities = append(p.cities, city)
		total := city.weight
		if n := len(p.cumulative); n > 0 {
			total += p.cumulative[n-1]
		}
		p.cumulative = append(p.cumulative, total)
		return nil
	})
	if err != nil {
		return places{}, fmt.Errorf("cities.csv: %w", err)
	}
	err = eachRow(hardCSV, func(row []string) error {
		place, err := newPlace(row[0], row[1], row[2], row[3], row[4], row[5])
		p.hard = append(p.hard, place)
		return err
	})
	if err != nil {
		return places{}, fmt.Errorf("hard.csv: %w", err)
	}
	return p, nil
}

func eachRow(text string, row func([]string) error) error {
	r := csv.NewReader(strings.NewReader(text))
	r.Comment = '#'
	r.FieldsPerRecord = 6
	rows, err := r.ReadAll()
	if err != nil {
		return err
	}
	for _, fields := range rows {
		if err := row(fields); err != nil {
			return fmt.Errorf("%s: %w", fields[0], err)
		}
	}
	return nil
}

func newPlace(name, country, lat, lon, kind, radius string) (Place, error) {
	p := Place{Name: name, Country: country, Kind: kind}
	var err error
	if p.Latitude, err = strconv.ParseFloat(lat, 64); err != nil || math.Abs(p.Latitude) > 90 {
		return Place{}, fmt.Errorf("latitude %q", lat)
	}
	if p.Longitude, err = strconv.ParseFloat(lon, 64); err != nil || math.Abs(p.Longitude) > 180 {
		return Place{}, fmt.Errorf("longitude %q", lon)
	}
	if p.RadiusKm, err = strconv.ParseFloat(radius, 64); err != nil || p.RadiusKm < 0 {
		return Place{}, fmt.Errorf("radius %q", radius)
	}
	span := p.RadiusKm / kmPerDegree
	p.lat = int64(math.Round(p.Latitude * unitsPerDegree))
	p.lon = int64(math.Round(p.Longitude * unitsPerDegree))
	p.latSpan = int64(span * unitsPerDegree)
	// Rounded down to a metre, so no machine's cosine can matter.
	narrow := math.Cos((math.Abs(p.Latitude) + span) * math.Pi / 180)
	p.lonSpan = int64(min(span/max(narrow, 1e-6), 180) * unitsPerDegree)
	if p.RadiusKm == 0 {
		p.lonSpan = 0
	}
	p.labels = map[string]string{event.CountryLabel: country, kindLabel: kind, event.PlaceLabel: name}
	return p, nil
}

// draw picks a place: mostly cities by population.
func (p *places) draw(src *rand.PCG) *Place {
	if below(src, 100) < hardPercent {
		return &p.hard[below(src, len(p.hard))]
	}
	at := below(src, p.cumulative[len(p.cumulative)-1])
	return &p.cities[sort.SearchInts(p.cumulative, at+1)]
}

// somewhere is a position within the place, evenly spread.
func (p *Place) somewhere(src *rand.PCG) event.Location {
	for {
		x := int64(below(src, 2*jitterSteps+1)) - jitterSteps
		y := int64(below(src, 2*jitterSteps+1)) - jitterSteps
		if x*x+y*y <= jitterSteps*jitterSteps {
			return p.at(x, y)
		}
	}
}

// Centre is the middle of the place.
func (p *Place) Centre() event.Location { return p.at(0, 0) }

// at is a position of the place's grid; (0, 0) is its centre.
func (p *Place) at(x, y int64) event.Location {
	lat := min(max(p.lat+p.latSpan*y/jitterSteps, -90*unitsPerDegree), 90*unitsPerDegree)
	lon := p.lon + p.lonSpan*x/jitterSteps
	switch {
	case lon > 180*unitsPerDegree:
		lon -= 360 * unitsPerDegree
	case lon < -180*unitsPerDegree:
		lon += 360 * unitsPerDegree
	}
	return event.Location{Latitude: float64(lat) / unitsPerDegree, Longitude: float64(lon) / unitsPerDegree}
}

// Rim is n positions on the edge of the place, for checking its radius.
func (p *Place) Rim(n int) []event.Location {
	rim := make([]event.Location, n)
	for i := range rim {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		rim[i] = p.at(int64(jitterSteps*cos), int64(jitterSteps*sin))
	}
	return rim
}
