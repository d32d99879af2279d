// Package event holds what travels through the location scenario. It is the
// only thing that pipeline, simulator and oracle share.
package event

import (
	"strconv"
	"strings"
	"time"
)

// SchemaVersion of Signup and Offer.
const SchemaVersion = 1

// TimeLayout is RFC 3339 with milliseconds, in UTC.
const TimeLayout = "2006-01-02T15:04:05.000Z07:00"

// Signup is one subscriber asking for offers at a place: the body of
// POST /signups and the record on stream location-signups.
type Signup struct {
	ID            string     `json:"id"`
	RunID         string     `json:"run_id"`
	EventTime     Time       `json:"event_time"`
	SchemaVersion int        `json:"schema_version"`
	Subscriber    Subscriber `json:"subscriber"`
	Location      Location   `json:"location"`
}

// Subscriber is who signs up.
type Subscriber struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

// Location is a WGS 84 position in degrees.
type Location struct {
	Latitude  float64 `json:"latitude"`  // −90 … 90
	Longitude float64 `json:"longitude"` // −180 … 180
}

// Offer answers one signup: the record on stream location-offers and the data
// of the browser's offer event. ID is the signup's.
type Offer struct {
	ID            string   `json:"id"`
	RunID         string   `json:"run_id"`
	EventTime     Time     `json:"event_time"` // the signup's
	SchemaVersion int      `json:"schema_version"`
	Country       string   `json:"country"`      // ISO 3166-1 alpha-2, "" at sea
	CountryName   string   `json:"country_name"` // "International waters" at sea
	Region        string   `json:"region"`
	PoP           string   `json:"pop"` // nearest point of presence
	PoPCity       string   `json:"pop_city"`
	DistanceKm    float64  `json:"distance_km"` // to the PoP, rounded to 0.1 km
	Location      Location `json:"location"`
	Options       []Option `json:"options"`
}

// Option is one bandwidth a subscriber can buy.
type Option struct {
	Name     string  `json:"name"`
	DownMbps int     `json:"down_mbps"`
	UpMbps   int     `json:"up_mbps"`
	Price    float64 `json:"price_per_month"`
	Currency string  `json:"currency"`
}

// Canonical is what makes two offers the same answer: place and options, not
// who asked or when.
func (o Offer) Canonical() string {
	country := o.Country
	if country == "" {
		country = "sea"
	}
	names := make([]string, len(o.Options))
	for i, option := range o.Options {
		names[i] = option.Name
	}
	return country + " " + o.PoP + " " + strings.Join(names, ",")
}

// Answer is Canonical with what each option gives and costs, e.g.
// "CH zrh Fibre 1G [1000/1000 Mbps 49.9 CHF]": the whole of what was promised.
// Simulators record it and the oracle rebuilds it.
func (o Offer) Answer() string {
	text := append([]byte(o.Canonical()), " ["...)
	for i, option := range o.Options {
		if i > 0 {
			text = append(text, ", "...)
		}
		text = strconv.AppendInt(text, int64(option.DownMbps), 10)
		text = strconv.AppendInt(append(text, '/'), int64(option.UpMbps), 10)
		text = strconv.AppendFloat(append(text, " Mbps "...), option.Price, 'f', -1, 64)
		text = append(append(text, ' '), option.Currency...)
	}
	return string(append(text, ']'))
}

// Time is an instant in TimeLayout.
type Time struct{ time.Time }

// MarshalJSON writes TimeLayout in UTC.
func (t Time) MarshalJSON() ([]byte, error) {
	return t.UTC().AppendFormat(nil, `"`+TimeLayout+`"`), nil
}

// UnmarshalJSON reads any RFC 3339 instant.
func (t *Time) UnmarshalJSON(data []byte) error { return t.Time.UnmarshalJSON(data) }

// Rejection is the body of a 400: which field was wrong and what to do.
type Rejection struct {
	Error   string `json:"error"` // one sentence
	Field   string `json:"field"` // e.g. location.latitude; "" for the body as a whole
	Value   string `json:"value"` // as received, shortened
	Problem string `json:"problem"`
	Remedy  string `json:"remedy"`
}
