package hub

import (
	"bytes"

	"github.com/goccy/go-json"

	"github.com/weirstream/weir/scenarios/cab/event"
)

// silent are the fields for which nothing is as good a value as any other, so
// that a reading without them would pass for one of a free cab that has lost
// the GPS, and stands.
func silent() [4]string { return [4]string{"speed_kmh", "hired", "engine_c", "gps_ok"} }

// incomplete refuses a good reading that leaves out what it has to say, or says
// null. A plain line without either, of one object and no escapes, costs no more than
// the look for their names.
func incomplete(line []byte) *event.Refusal {
	var quotedName [16]byte
	whole := bytes.Count(line, []byte{'{'}) == 1 && !bytes.Contains(line, []byte{'\\'})
	for _, field := range silent() {
		name := append(append(append(quotedName[:0], '"'), field...), '"')
		_, after, found := bytes.Cut(line, name)
		whole = whole && found && bytes.HasPrefix(bytes.TrimLeft(after, " \t"), []byte{':'}) // else it is a text
	}
	if whole && !bytes.Contains(line, []byte("null")) {
		return nil
	}
	var said struct {
		SpeedKmh *float64   `json:"speed_kmh"`
		Hired    *bool      `json:"hired"`
		EngineC  *float64   `json:"engine_c"`
		GPSOK    *bool      `json:"gps_ok"`
		TyreKPa  []*float64 `json:"tyre_kpa"`
	}
	if err := json.Unmarshal(line, &said); err != nil {
		return undecodable(line, err)
	}
	for at, there := range []bool{said.SpeedKmh != nil, said.Hired != nil, said.EngineC != nil, said.GPSOK != nil} {
		if !there {
			return &event.Refusal{Field: silent()[at], Value: "null", Remedy: "is missing: send what the device measured"}
		}
	}
	for _, pressure := range said.TyreKPa {
		if pressure == nil {
			return &event.Refusal{Field: "tyre_kpa", Value: "null", Remedy: "is missing: send one pressure per tyre"}
		}
	}
	return nil
}
