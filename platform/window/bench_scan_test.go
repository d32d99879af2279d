package window

import (
	"bytes"
	"errors"
	"strconv"
	"testing"
	"unsafe"

	"github.com/goccy/go-json"
)

var errNotPlain = errors.New("not a plain object: the general decoder reads it")

// scan reads the fields it knows of a flat JSON object as programs write it,
// without space or escapes; r's texts are part of data. It refuses everything
// else, for the general decoder to judge.
func scan(data []byte, r *cabReading) error {
	*r = cabReading{}
	if len(data) < 2 || data[0] != '{' || data[len(data)-1] != '}' {
		return errNotPlain
	}
	for rest := data[1:]; ; {
		name, more, ok := scanText(rest)
		if !ok || len(more) == 0 || more[0] != ':' {
			return errNotPlain
		}
		value, more, ok := scanValue(more[1:])
		if !ok || !r.set(name, value) {
			return errNotPlain
		}
		switch {
		case more[0] == ',':
			rest = more[1:]
		case len(more) == 1: // the closing brace
			return nil
		default:
			return errNotPlain
		}
	}
}

// scanText reads a text in quotes that has no escapes.
func scanText(data []byte) (text, rest []byte, ok bool) {
	if len(data) == 0 || data[0] != '"' {
		return nil, nil, false
	}
	end := bytes.IndexByte(data[1:], '"')
	if end < 0 || bytes.IndexByte(data[1:1+end], '\\') >= 0 {
		return nil, nil, false
	}
	return data[1 : 1+end], data[2+end:], true
}

// scanValue reads a text, a number or a word; something follows it.
func scanValue(data []byte) (value, rest []byte, ok bool) {
	if len(data) > 0 && data[0] == '"' {
		value, rest, ok = scanText(data)
		return value, rest, ok && len(rest) > 0
	}
	for i, c := range data {
		switch c {
		case ',', '}':
			return data[:i], data[i:], i > 0
		case '{', '[', ' ', '"':
			return nil, nil, false
		}
	}
	return nil, nil, false
}

func (r *cabReading) set(name, value []byte) bool {
	switch string(name) {
	case "cab":
		r.Cab = asString(value)
	case "event_time":
		r.Time = asString(value)
	case "zone":
		r.Zone = asString(value)
	case "status":
		r.Status = asString(value)
	case "speed_kmh":
		speed, err := strconv.ParseFloat(asString(value), 64)
		r.Speed = speed
		return err == nil
	case "pick_up":
		r.PickUp = string(value) == "true"
	}
	return true
}

func asString(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// millis is the instant of a time written as 2026-11-21T10:00:00.000Z.
func millis(t string) (at int64, ok bool) {
	if len(t) != 24 || t[4] != '-' || t[7] != '-' || t[10] != 'T' || t[13] != ':' || t[16] != ':' || t[19] != '.' || t[23] != 'Z' {
		return 0, false
	}
	digits := func(from, to int) (n int64) {
		for _, c := range []byte(t[from:to]) {
			n = n*10 + int64(c-'0')
		}
		return n
	}
	year, month, day := digits(0, 4), digits(5, 7), digits(8, 10)
	if month <= 2 { // years that begin in March have their leap day last
		year, month = year-1, month+12
	}
	days := 365*year + year/4 - year/100 + year/400 + (153*month-457)/5 + day - 719_469
	return ((days*24+digits(11, 13))*60+digits(14, 16))*60_000 + digits(17, 19)*1000 + digits(20, 23), true
}

// What benchmarks scan is what the general decoder reads.
func TestScanReadsWhatJSONReads(t *testing.T) {
	t.Parallel()
	for _, data := range jsonInput(t)[:20_000] {
		var got, want cabReading
		if err := scan(data, &got); err != nil {
			t.Fatalf("%s: %v", data, err)
		}
		if err := json.Unmarshal(data, &want); err != nil || got != want {
			t.Fatalf("%s: %+v, want %+v, %v", data, got, want, err)
		}
	}
}
