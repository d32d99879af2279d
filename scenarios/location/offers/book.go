// Package offers answers a position with the bandwidth options of the place.
// It is the enrichment function's own library: light enough to live in a
// Lambda process of a few megabytes.
package offers

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"

	"github.com/weirstream/weir/scenarios/location/event"
	"github.com/weirstream/weir/scenarios/location/geo"
)

//go:embed offers.json
var embedded []byte

// Embedded is the offer book as it was built in: offers.json, for people to edit.
func Embedded() []byte { return bytes.Clone(embedded) }

// parse reads a book and refuses fields it does not know: a misspelt
// "max_distance_km" must not turn into an option without limit.
func parse(data []byte) (*event.Book, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	book := new(event.Book)
	if err := dec.Decode(book); err != nil {
		return nil, fmt.Errorf("parse the offer book: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("parse the offer book: there is text after its end")
	}
	return book, nil
}

var codePattern = regexp.MustCompile(`^[A-Z]{2}$`)

// problems collects everything that is wrong with a book.
type problems []error

func (p *problems) add(format string, args ...any) { *p = append(*p, fmt.Errorf(format, args...)) }

// validate says every problem of the book at once, measured against the map.
func validate(b *event.Book, countries []geo.Country) error {
	var p problems
	if b.Version != 1 {
		p.add("version is %d; this program reads 1", b.Version)
	}
	if b.EarthRadiusKm < 6300 || b.EarthRadiusKm > 6400 {
		p.add("earth_radius_km is %v; want 6300 to 6400", b.EarthRadiusKm)
	}
	p.pops(b.PoPs)
	for _, name := range slices.Sorted(maps.Keys(b.Regions)) {
		if name == "" {
			p.add("a region has no name")
		}
		p.market("region "+name, b.Regions[name])
	}
	p.market("maritime", b.Maritime)
	p.countries(b, countries)
	return errors.Join(p...)
}

func (p *problems) pops(pops []event.PoP) {
	if len(pops) == 0 {
		p.add("pops is empty; at least one point of presence is needed")
	}
	seen := map[string]bool{}
	for i, pop := range pops {
		if pop.ID == "" || pop.City == "" {
			p.add("pop %d: id and city must not be empty", i+1)
		}
		if seen[pop.ID] {
			p.add("pop %s is listed twice", pop.ID)
		}
		seen[pop.ID] = true
		if pop.Latitude < -90 || pop.Latitude > 90 || pop.Longitude < -180 || pop.Longitude > 180 {
			p.add("pop %s: %v, %v is not a position", pop.ID, pop.Latitude, pop.Longitude)
		}
	}
}

// market demands one option without a distance limit, so that nobody is left
// without an offer.
func (p *problems) market(where string, m event.Market) {
	if len(m.Currency) != 3 {
		p.add("%s: currency %q is not an ISO 4217 code", where, m.Currency)
	}
	everywhere := false
	seen := map[string]bool{}
	for _, o := range m.Options {
		if o.Name == "" || seen[o.Name] {
			p.add("%s: option name %q is empty or listed twice", where, o.Name)
		}
		seen[o.Name] = true
		if o.DownMbps <= 0 || o.UpMbps <= 0 || o.Price <= 0 || o.MaxDistanceKm < 0 {
			p.add("%s: option %s: speeds and price must be above zero and the distance not below", where, o.Name)
		}
		everywhere = everywhere || o.MaxDistanceKm == 0
	}
	if !everywhere {
		p.add("%s: every option has a max_distance_km; one must reach everybody", where)
	}
}

func (p *problems) countries(b *event.Book, onMap []geo.Country) {
	codes, places := map[string]bool{}, map[geo.Country]bool{}
	for _, c := range b.Countries {
		if !codePattern.MatchString(c.Code) || codes[c.Code] {
			p.add("country %s (%s): the code is not two capital letters, or is listed twice", c.Code, c.Name)
		}
		codes[c.Code] = true
		if c.Name == "" {
			p.add("country %s has no name", c.Code)
		}
		if _, ok := b.Regions[c.Region]; !ok {
			p.add("country %s: region %q is not in regions", c.Code, c.Region)
		}
		if len(c.Market.Options) > 0 {
			p.market("country "+c.Code, c.Market)
		} else if c.Market.Currency != "" {
			p.add("country %s: its market has a currency but no options", c.Code)
		}
		key := mapKey(c.MapID, c.MapName)
		if places[key] {
			p.add("country %s: map_id %q, map_name %q is listed twice", c.Code, c.MapID, c.MapName)
		}
		places[key] = true
	}
	for _, c := range onMap {
		key := mapKey(c.ID, c.Name)
		if !places[key] {
			p.add("the map's %s (map_id %q, map_name %q) is not in countries", c.Name, c.ID, c.Name)
		}
		delete(places, key)
	}
	for _, key := range slices.SortedFunc(maps.Keys(places), func(a, b geo.Country) int { return cmpKey(a, b) }) {
		p.add("countries has map_id %q, map_name %q, which is not on the map", key.ID, key.Name)
	}
}

// mapKey identifies a country on the map: by id, or by name where it has none.
func mapKey(id, name string) geo.Country {
	if id != "" {
		name = ""
	}
	return geo.Country{ID: id, Name: name}
}

func cmpKey(a, b geo.Country) int {
	switch {
	case a.ID+a.Name < b.ID+b.Name:
		return -1
	case a.ID+a.Name > b.ID+b.Name:
		return 1
	}
	return 0
}
