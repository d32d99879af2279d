package cabs

import (
	"strconv"

	"github.com/weirstream/weir/scenarios/cab/event"
)

// appendLine adds a reading as a line of JSON, with the run's id already quoted.
// It writes what encoding/json writes, in a quarter of the time. A reading's own
// texts are plain: no character of them needs escaping.
func appendLine(b []byte, t *event.Telemetry, quotedRunID []byte) []byte {
	b = append(append(append(b, `{"id":"`...), t.ID...), `","run_id":`...)
	b = append(b, quotedRunID...)
	b = append(append(b, `,"cab":"`...), t.Cab...)
	b = strconv.AppendInt(append(b, `","seq":`...), t.Seq, 10)
	b = t.EventTime.Append(append(b, `,"event_time":"`...))
	b = strconv.AppendInt(append(b, `","schema":`...), int64(t.Schema), 10)
	b = number(append(b, `,"lat":`...), t.Lat)
	b = number(append(b, `,"lon":`...), t.Lon)
	b = number(append(b, `,"speed_kmh":`...), t.SpeedKmh)
	b = strconv.AppendBool(append(b, `,"hired":`...), t.Hired)
	b = number(append(b, `,"engine_c":`...), t.EngineC)
	b = number(append(b, `,"battery_v":`...), t.BatteryV)
	if len(t.TyreKPa) > 0 {
		b = append(b, `,"tyre_kpa":`...)
		separator := byte('[')
		for _, pressure := range t.TyreKPa {
			b = number(append(b, separator), pressure)
			separator = ','
		}
		b = append(b, ']')
	}
	b = strconv.AppendBool(append(b, `,"gps_ok":`...), t.GPSOK)
	if t.Firmware != "" {
		b = append(append(append(b, `,"firmware":"`...), t.Firmware...), '"')
	}
	b = strconv.AppendBool(append(b, `,"buffered":`...), t.Buffered)
	return append(b, "}\n"...)
}

func number(b []byte, n float64) []byte { return strconv.AppendFloat(b, n, 'f', -1, 64) }
