package main

import (
	"bytes"
	"errors"
	"strconv"
	"unsafe"

	"github.com/goccy/go-json"
	"github.com/hamba/avro/v2"
)

var errNoTrip = errors.New("no trip")

// byGoJSON decodes by a general library.
func byGoJSON(data []byte, r *trip) error {
	var t struct {
		Cab    string  `json:"cab"`
		Time   string  `json:"event_time"`
		Zone   string  `json:"zone"`
		Status string  `json:"status"`
		Speed  float64 `json:"speed_kmh"`
		PickUp bool    `json:"pick_up"`
	}
	if err := json.Unmarshal(data, &t); err != nil {
		return err
	}
	*r = trip{cab: t.Cab, zone: t.Zone, status: t.Status, speed: t.Speed, pickUp: t.PickUp}
	var ok bool
	if r.at, ok = instant([]byte(t.Time)); !ok {
		return errNoTrip
	}
	return nil
}

// byScan reads the fields it knows of a flat object without space or escapes;
// r's texts are part of data.
func byScan(data []byte, r *trip) error {
	*r = trip{}
	if len(data) < 2 || data[0] != '{' {
		return errNoTrip
	}
	for rest := data[1:]; ; {
		end := -1
		if len(rest) > 0 && rest[0] == '"' {
			end = bytes.IndexByte(rest[1:], '"')
		}
		if end < 0 || len(rest) < end+4 || rest[end+2] != ':' {
			return errNoTrip
		}
		name, value := rest[1:1+end], rest[end+3:]
		n := 0
		if value[0] == '"' {
			n = bytes.IndexByte(value[1:], '"') + 2
		} else {
			for n < len(value) && value[n] != ',' && value[n] != '}' {
				n++
			}
		}
		if n < 1 || n >= len(value) || value[0] == '"' && n < 2 || !r.set(name, value[:n]) {
			return errNoTrip
		}
		if value[n] == '}' {
			return nil
		}
		rest = value[n+1:]
	}
}

func (r *trip) set(name, value []byte) (ok bool) {
	text := func() string { return unsafe.String(unsafe.SliceData(value[1:]), len(value)-2) }
	ok = true
	switch string(name) {
	case "cab":
		r.cab = text()
	case "zone":
		r.zone = text()
	case "status":
		r.status = text()
	case "event_time":
		r.at, ok = instant(value[1 : len(value)-1])
	case "speed_kmh":
		var err error
		r.speed, err = strconv.ParseFloat(unsafe.String(unsafe.SliceData(value), len(value)), 64)
		ok = err == nil
	case "pick_up":
		r.pickUp = value[0] == 't'
	}
	return ok
}

// instant reads tripTime of one day, which is all that trips are of.
func instant(text []byte) (int64, bool) {
	if len(text) != len(tripTime) || string(text[:11]) != "2026-11-21T" {
		return 0, false
	}
	n := func(at, digits int) (n int64) {
		for _, c := range text[at : at+digits] {
			n = n*10 + int64(c-'0')
		}
		return n
	}
	const midnight = 1795219200000 // 2026-11-21T00:00:00Z
	return midnight + ((n(11, 2)*60+n(14, 2))*60+n(17, 2))*1000 + n(20, 3), true
}

// byAvro decodes by the library and a schema.
func byAvro() func([]byte, *trip) error {
	schema := avro.MustParse(tripSchema)
	type fields struct {
		Cab    string  `avro:"cab"`
		At     int64   `avro:"event_time"`
		Zone   string  `avro:"zone"`
		Status string  `avro:"status"`
		Speed  float64 `avro:"speed_kmh"`
		PickUp bool    `avro:"pick_up"`
	}
	return func(data []byte, r *trip) error {
		var t fields
		err := avro.Unmarshal(schema, data, &t)
		*r = trip{cab: t.Cab, zone: t.Zone, status: t.Status, at: t.At, speed: t.Speed, pickUp: t.PickUp}
		return err
	}
}
