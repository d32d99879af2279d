package oracle

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/weirstream/weir/scenarios/location/event"
)

// rulebook is the offer book, ready to answer.
type rulebook struct {
	radiusKm  float64
	pops      []pop
	countries map[string]event.Market // by ISO code; "" is the open sea
}

type pop struct {
	id string
	at vector
}

// vector is a point of the unit sphere.
type vector struct{ x, y, z float64 }

func toVector(latitude, longitude float64) vector {
	lat, lon := latitude*math.Pi/180, longitude*math.Pi/180
	return vector{math.Cos(lat) * math.Cos(lon), math.Cos(lat) * math.Sin(lon), math.Sin(lat)}
}

// angle between two vectors. The arc tangent is exact for near, far and
// opposite points alike, where an arc cosine would lose metres.
func (v vector) angle(w vector) float64 {
	x, y, z := v.y*w.z-v.z*w.y, v.z*w.x-v.x*w.z, v.x*w.y-v.y*w.x
	return math.Atan2(math.Sqrt(x*x+y*y+z*z), v.x*w.x+v.y*w.y+v.z*w.z)
}

func readBook(data []byte) (*rulebook, error) {
	var book event.Book
	if err := json.Unmarshal(data, &book); err != nil {
		return nil, fmt.Errorf("not a book: %w", err)
	}
	var errs []error
	if !(book.EarthRadiusKm > 0) {
		errs = append(errs, errors.New("earth_radius_km must be above 0"))
	}
	if len(book.PoPs) == 0 {
		errs = append(errs, errors.New("no points of presence"))
	}
	r := &rulebook{radiusKm: book.EarthRadiusKm, countries: map[string]event.Market{"": book.Maritime}}
	for _, p := range book.PoPs {
		r.pops = append(r.pops, pop{p.ID, toVector(p.Latitude, p.Longitude)})
	}
	for _, country := range book.Countries {
		market := country.Market
		if len(market.Options) == 0 {
			var known bool
			if market, known = book.Regions[country.Region]; !known {
				errs = append(errs, fmt.Errorf("country %s: region %q is not in the book", country.Code, country.Region))
			}
		}
		if _, twice := r.countries[country.Code]; twice {
			errs = append(errs, fmt.Errorf("country %q is in the book twice", country.Code))
		}
		r.countries[country.Code] = market
	}
	return r, errors.Join(errs...)
}

// nearest point of presence; of two equally near the first in the book.
func (r *rulebook) nearest(at event.Location) (id string, km float64) {
	here, best := toVector(at.Latitude, at.Longitude), math.Inf(1)
	for _, p := range r.pops {
		// A nanoradian is six millimetres: nearer than that is equally near.
		if angle := here.angle(p.at); angle < best-1e-9 {
			id, best = p.id, angle
		}
	}
	return id, best * r.radiusKm
}

// offer is the only right answer at a place whose country is known.
func (r *rulebook) offer(country string, at event.Location) (event.Offer, error) {
	market, known := r.countries[country]
	if !known {
		return event.Offer{}, fmt.Errorf("country %q is not in the offer book", country)
	}
	id, km := r.nearest(at)
	want := event.Offer{Country: country, PoP: id}
	for _, option := range market.Options {
		if option.MaxDistanceKm == 0 || km <= option.MaxDistanceKm {
			want.Options = append(want.Options, event.Option{
				Name: option.Name, DownMbps: option.DownMbps, UpMbps: option.UpMbps,
				Price: option.Price, Currency: market.Currency,
			})
		}
	}
	return want, nil
}
