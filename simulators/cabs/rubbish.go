package cabs

import (
	"bytes"
	"math/rand/v2"
	"slices"

	"github.com/weirstream/weir/scenarios/cab/event"
)

// mistake is one way to get a reading wrong on purpose. The hub must refuse it
// and name field.
type mistake struct {
	name  string
	field string // as a Refusal names it; "" is the line as a whole
	spoil func(line []byte) []byte
}

// mistakes are drawn equally often. Each spoils a good line in one place.
func mistakes() []mistake {
	return []mistake{
		{"no id", "id", leaveOut("id")},
		{"id of another shape", "id", set("id", `"D1-2"`)},
		{"no cab", "cab", leaveOut("cab")},
		{"another cab", "cab", set("cab", `"cab-16777215"`)},
		{"number for a cab", "cab", set("cab", `7`)},
		{"negative sequence", "seq", set("seq", `-7`)},
		{"sequence as text", "seq", set("seq", `"7"`)},
		{"no time", "event_time", leaveOut("event_time")},
		{"a time in words", "event_time", set("event_time", `"yesterday"`)},
		{"a time long ago", "event_time", set("event_time", `"1926-11-21T10:00:00.000Z"`)},
		{"no schema", "schema", leaveOut("schema")},
		{"unknown schema", "schema", set("schema", `9`)},
		{"no latitude", "lat", leaveOut("lat")},
		{"latitude as text", "lat", set("lat", `"47.38"`)},
		{"at the pole", "lat", set("lat", `90`)},
		{"off the coast of Africa", "lon", set("lon", `0`)},
		{"longitude as list", "lon", set("lon", `[8.54]`)},
		{"faster than sound", "speed_kmh", set("speed_kmh", `1300`)},
		{"backwards", "speed_kmh", set("speed_kmh", `-30`)},
		{"number for hired", "hired", set("hired", `1`)},
		{"molten engine", "engine_c", set("engine_c", `4000`)},
		{"engine as object", "engine_c", set("engine_c", `{}`)},
		{"no battery", "battery_v", leaveOut("battery_v")},
		{"mains voltage", "battery_v", set("battery_v", `230`)},
		{"three tyres", "tyre_kpa", set("tyre_kpa", `[220,220,220]`)},
		{"tyre under water", "tyre_kpa", set("tyre_kpa", `[220,-1,220,220]`)},
		{"tyres as text", "tyre_kpa", set("tyre_kpa", `"flat"`)},
		{"no firmware", "firmware", leaveOut("firmware")},
		{"cut short", "", func(line []byte) []byte { return line[:len(line)/2] }},
		{"not JSON", "", func([]byte) []byte { return []byte("lat=47.38&lon=8.54") }},
		{"a list", "", func(line []byte) []byte { return append(append([]byte{'['}, line...), ']') }},
		{"a number", "", func([]byte) []byte { return []byte("42") }},
	}
}

// rubbish is a table of mistakes with their labels.
type rubbish struct {
	kinds  []mistake
	labels []map[string]string
	skewed map[string]string // of a reading whose clock is ahead
}

func newRubbish() rubbish {
	r := rubbish{kinds: mistakes(), skewed: refuseLabels("clock an hour ahead", "event_time")}
	for _, kind := range r.kinds {
		r.labels = append(r.labels, refuseLabels(kind.name, kind.field))
	}
	return r
}

func refuseLabels(name, field string) map[string]string {
	return map[string]string{event.ExpectLabel: event.ExpectRefuse, event.FieldLabel: field, event.MistakeLabel: name}
}

// draw spoils a good reading of new firmware. Its line names an empty run, for
// Simulate to fill in, and has no line feed.
func (r *rubbish) draw(src *rand.PCG, t event.Telemetry) ([]byte, map[string]string) {
	line := appendLine(nil, &t, []byte(emptyRun))
	at := below(src, len(r.kinds))
	return r.kinds[at].spoil(bytes.TrimSuffix(line, []byte{'\n'})), r.labels[at]
}

// What a planned line says for the run id, and where Simulate puts the right one.
const (
	emptyRun      = `""`
	runField      = `"run_id":`
	emptyRunField = runField + emptyRun
)

// set gives a field another value.
func set(field, value string) func([]byte) []byte {
	return func(line []byte) []byte {
		begin, end := find(line, field)
		return slices.Concat(line[:begin], []byte(`"`+field+`":`+value), line[end:])
	}
}

// leaveOut removes a field that is not the last.
func leaveOut(field string) func([]byte) []byte {
	return func(line []byte) []byte {
		begin, end := find(line, field)
		return slices.Concat(line[:begin], line[end+1:])
	}
}

// find is where a field and its value lie, up to the comma before the next field.
func find(line []byte, field string) (begin, end int) {
	begin = bytes.Index(line, []byte(`"`+field+`":`))
	return begin, begin + bytes.Index(line[begin:], []byte(`,"`))
}
