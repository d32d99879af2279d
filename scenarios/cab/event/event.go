// Package event holds what travels through the cab scenario, and the names by which
// its runs are graded. It is the only thing that pipeline, simulator and oracle
// share.
package event

import "time"

// The schema versions of Telemetry. Older firmware speaks the first, which
// has no tyre pressures and does not say which firmware it is.
const (
	SchemaOld = 1
	Schema    = 2
)

// What separates a violation from a healthy value. The limit itself is healthy.
const (
	EngineMaxC     = 110.0
	BatteryMinV    = 11.5
	TyreMinKPa     = 180.0
	IncidentStreak = 3 // sequences in violation that open an incident, or without that close it
)

// AheadMax is how far the time of a reading may lie ahead of the hub's
// simulated clock. What lies further ahead has a wrong clock and is refused: it
// would make others late, who have as much less of Lateness as one is ahead.
const AheadMax = Lateness / 4

// Telemetry is one reading of a cab's device: a line of POST /telemetry, and
// the record on topic cab-telemetry. A device numbers its readings densely from
// 0; whoever sees a sequence twice has the same reading twice.
type Telemetry struct {
	ID        string    `json:"id" avro:"id"` // TelemetryID(device, Seq)
	RunID     string    `json:"run_id" avro:"run_id"`
	Cab       string    `json:"cab" avro:"cab"` // CabName(device)
	Seq       int64     `json:"seq" avro:"seq"`
	EventTime Millis    `json:"event_time" avro:"event_time"`
	Schema    int       `json:"schema" avro:"schema"`
	Lat       float64   `json:"lat" avro:"lat"`
	Lon       float64   `json:"lon" avro:"lon"`
	SpeedKmh  float64   `json:"speed_kmh" avro:"speed_kmh"`
	Hired     bool      `json:"hired" avro:"hired"`
	EngineC   float64   `json:"engine_c" avro:"engine_c"`
	BatteryV  float64   `json:"battery_v" avro:"battery_v"`
	TyreKPa   []float64 `json:"tyre_kpa,omitempty" avro:"tyre_kpa"` // four, or none in SchemaOld
	GPSOK     bool      `json:"gps_ok" avro:"gps_ok"`
	Firmware  string    `json:"firmware,omitempty" avro:"firmware"` // "" in SchemaOld
	Buffered  bool      `json:"buffered" avro:"buffered"`           // sent later than it was taken
}

// The kinds of vehicle health, in the order in which lists name them.
const (
	Battery = "battery"
	Engine  = "engine"
	GPS     = "gps"
	Tyre    = "tyre"
)

// The changes of an incident.
const (
	Opened = "opened"
	Closed = "closed"
)

// Activity is one refined reading, the record on topic cab-activity. What it
// says about the past counts the accepted readings of the cab in the order of
// their sequences: neither late nor refused ones.
type Activity struct {
	ID        string  `json:"id" avro:"id"`
	RunID     string  `json:"run_id" avro:"run_id"`
	Cab       string  `json:"cab" avro:"cab"`
	Seq       int64   `json:"seq" avro:"seq"`
	EventTime Millis  `json:"event_time" avro:"event_time"`
	Zone      string  `json:"zone" avro:"zone"`
	Lat       float64 `json:"lat" avro:"lat"`
	Lon       float64 `json:"lon" avro:"lon"`
	SpeedKmh  float64 `json:"speed_kmh" avro:"speed_kmh"`
	Hired     bool    `json:"hired" avro:"hired"`
	PickUp    bool    `json:"pick_up" avro:"pick_up"`   // the reading before was free, this one is hired
	DropOff   bool    `json:"drop_off" avro:"drop_off"` // the other way round
	Schema    int     `json:"schema" avro:"schema"`     // of the device
	// Gap is how many sequences are missing right before this one; for a cab's
	// first reading, before it since 0.
	Gap    int64          `json:"gap" avro:"gap"`
	Health []HealthChange `json:"health,omitempty" avro:"health"` // incidents that this reading opened or closed, by kind
	Open   []string       `json:"open,omitempty" avro:"open"`     // kinds of incidents open after it, sorted
}

// HealthChange is an incident opened or closed by one reading.
type HealthChange struct {
	Kind      string `json:"kind" avro:"kind"`
	Change    string `json:"change" avro:"change"` // Opened or Closed
	OpenedSeq int64  `json:"opened_seq" avro:"opened_seq"`
	OpenedAt  Millis `json:"opened_at" avro:"opened_at"`
}

// Metrics is what happened in one zone in one minute of event time: the record
// on topic cab-metrics, and a document of index cab-zones-DAY.
type Metrics struct {
	RunID       string  `json:"run_id" avro:"run_id"`
	Zone        string  `json:"zone" avro:"zone"`
	WindowStart Millis  `json:"window_start" avro:"window_start"`
	Revision    int64   `json:"revision" avro:"revision"` // the document's external version
	Events      int64   `json:"events" avro:"events"`
	Hired       int64   `json:"hired" avro:"hired"`
	Free        int64   `json:"free" avro:"free"`
	PickUps     int64   `json:"pick_ups" avro:"pick_ups"`
	DropOffs    int64   `json:"drop_offs" avro:"drop_offs"`
	ActiveCabs  int64   `json:"active_cabs" avro:"active_cabs"`
	SpeedSumKmh float64 `json:"speed_sum_kmh" avro:"speed_sum_kmh"` // sum and count, so that windows merge
	SpeedCount  int64   `json:"speed_count" avro:"speed_count"`
	// NoFreeWindows is how many windows of the zone in a row, each a minute after
	// the one before and this one the last, had readings and none of a free cab.
	NoFreeWindows int64 `json:"no_free_windows" avro:"no_free_windows"`
	// Missing and OldSchema tell how the devices are: sequences without an accepted
	// reading right before one of these, and readings of older firmware.
	Missing   int64 `json:"missing" avro:"missing"`
	OldSchema int64 `json:"old_schema" avro:"old_schema"`
}

// Lateness is how far behind the latest reading of its partition a reading may
// be. It covers tunnels, and devices that try again after some seconds of the wall
// clock at twenty times its speed.
const Lateness = 2 * time.Minute

// Window is the length of the windows of Metrics, aligned to the Unix epoch.
const Window = time.Minute

// DocumentID is the metrics' id in its index.
func (m Metrics) DocumentID() string { return m.Zone + "|" + m.WindowStart.String() }

// MeanSpeedKmh is 0 without a reading.
func (m Metrics) MeanSpeedKmh() float64 {
	if m.SpeedCount == 0 {
		return 0
	}
	return m.SpeedSumKmh / float64(m.SpeedCount)
}

// Incident is the state of one health incident: a document of index
// cab-health-DAY, by the day it opened, so that closing it finds it.
type Incident struct {
	ID        string `json:"id"` // IncidentID(Cab, Kind, OpenedSeq)
	RunID     string `json:"run_id"`
	Cab       string `json:"cab"`
	Kind      string `json:"kind"`
	OpenedSeq int64  `json:"opened_seq"` // of the reading that completed the streak
	OpenedAt  Millis `json:"opened_at"`
	Closed    bool   `json:"closed"`
	ClosedSeq int64  `json:"closed_seq,omitzero"`
	ClosedAt  Millis `json:"closed_at,omitzero"`
}

// Cab is the last state of a cab: a document of index cab-cabs-DAY. It says
// what the Activity of the cab's highest accepted sequence says.
type Cab struct {
	RunID     string   `json:"run_id"`
	Cab       string   `json:"cab"`
	Seq       int64    `json:"seq"` // the document's external version less one
	EventTime Millis   `json:"event_time"`
	Zone      string   `json:"zone"`
	Lat       float64  `json:"lat"`
	Lon       float64  `json:"lon"`
	SpeedKmh  float64  `json:"speed_kmh"`
	Hired     bool     `json:"hired"`
	Schema    int      `json:"schema"`
	Open      []string `json:"open,omitempty"`
}
