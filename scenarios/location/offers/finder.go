package offers

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"

	"github.com/weirstream/weir/scenarios/location/event"
	"github.com/weirstream/weir/scenarios/location/geo"
)

// Finder makes offers. It is safe for concurrent use.
type Finder struct {
	book      *event.Book
	world     *geo.World
	countries []*event.Country // by the map's index
}

// Load reads and checks a book (nil means the embedded one) and decodes the map.
func Load(book []byte) (*Finder, error) {
	if book == nil {
		book = embedded
	}
	b, err := parse(book)
	if err != nil {
		return nil, err
	}
	world, err := geo.Load()
	if err != nil {
		return nil, err
	}
	if err := validate(b, world.Countries()); err != nil {
		return nil, fmt.Errorf("the offer book has problems:\n%w", err)
	}
	byKey := map[geo.Country]*event.Country{}
	for i, c := range b.Countries {
		byKey[mapKey(c.MapID, c.MapName)] = &b.Countries[i]
	}
	f := &Finder{book: b, world: world}
	for _, c := range world.Countries() {
		f.countries = append(f.countries, byKey[mapKey(c.ID, c.Name)])
	}
	return f, nil
}

// Offer answers a signup.
func (f *Finder) Offer(s event.Signup) event.Offer {
	o := event.Offer{
		ID: s.ID, RunID: s.RunID, EventTime: s.EventTime, SchemaVersion: event.SchemaVersion,
		Location: s.Location, CountryName: "International waters", Region: "Sea",
	}
	market := &f.book.Maritime
	if at, ok := f.world.Locate(s.Location.Longitude, s.Location.Latitude); ok {
		c := f.countries[at]
		o.Country, o.CountryName, o.Region = c.Code, c.Name, c.Region
		if market = &c.Market; len(market.Options) == 0 {
			regional := f.book.Regions[c.Region]
			market = &regional
		}
	}
	pop, km := f.nearest(s.Location)
	o.PoP, o.PoPCity, o.DistanceKm = pop.ID, pop.City, math.Round(km*10)/10
	o.Options = make([]event.Option, 0, len(market.Options))
	for _, option := range market.Options {
		if option.MaxDistanceKm == 0 || km <= option.MaxDistanceKm {
			o.Options = append(o.Options, event.Option{
				Name: option.Name, DownMbps: option.DownMbps, UpMbps: option.UpMbps,
				Price: option.Price, Currency: market.Currency,
			})
		}
	}
	return o
}

func (f *Finder) nearest(l event.Location) (pop *event.PoP, km float64) {
	km = math.Inf(1)
	for i := range f.book.PoPs {
		p := &f.book.PoPs[i]
		if d := greatCircle(l.Latitude, l.Longitude, p.Latitude, p.Longitude) * f.book.EarthRadiusKm; d < km {
			pop, km = p, d
		}
	}
	return pop, km
}

// greatCircle is the angle between two positions, by the haversine formula,
// which stays exact for near ones.
func greatCircle(latA, lonA, latB, lonB float64) float64 {
	const rad = math.Pi / 180
	sinLat, sinLon := math.Sin((latB-latA)*rad/2), math.Sin((lonB-lonA)*rad/2)
	h := sinLat*sinLat + math.Cos(latA*rad)*math.Cos(latB*rad)*sinLon*sinLon
	return 2 * math.Asin(math.Sqrt(min(1, h)))
}

// Legend is what a map of the embedded book needs, as JSON: the points of
// presence, and each country's id (or name) on the map by its code.
func Legend() ([]byte, error) {
	b, err := parse(embedded)
	if err != nil {
		return nil, err
	}
	countries := make(map[string]string, len(b.Countries))
	for _, c := range b.Countries {
		countries[c.Code] = cmp.Or(c.MapID, c.MapName)
	}
	data, err := json.Marshal(map[string]any{"pops": b.PoPs, "countries": countries})
	if err != nil {
		return nil, fmt.Errorf("encode the map's legend: %w", err)
	}
	return data, nil
}
