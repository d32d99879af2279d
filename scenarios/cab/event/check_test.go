package event

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

func TestCheckNamesTheField(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		spoil func(*Telemetry)
		field string
		value string
	}{
		{"nothing", func(*Telemetry) {}, "", ""},
		{"old firmware", func(r *Telemetry) { r.Schema, r.TyreKPa, r.Firmware = 1, nil, "" }, "", ""},
		{"at the edge", func(r *Telemetry) { r.Lat, r.Lon, r.SpeedKmh, r.EngineC = 47.53, 8.35, 200, -40 }, "", ""},
		{"no id", func(r *Telemetry) { r.ID = "" }, "id", `""`},
		{"short id", func(r *Telemetry) { r.ID = "d123-45" }, "id", `"d123-45"`},
		{"long id", func(r *Telemetry) { r.ID = "d0000123-000045" }, "id", "d0000123"},
		{"endless id", func(r *Telemetry) { r.ID = "d" + strings.Repeat("9", 999) + "-000045" }, "id", "…"},
		{"id beyond the ledger", func(r *Telemetry) { r.ID = "d16777216-000045" }, "id", "d16777216"},
		{"no run", func(r *Telemetry) { r.RunID = "" }, "run_id", `""`},
		{"long run", func(r *Telemetry) { r.RunID = strings.Repeat("r", 65) }, "run_id", "rrr…"},
		{"run of two", func(r *Telemetry) { r.RunID = "r|s" }, "run_id", `"r|s"`},
		{"run that is no text", func(r *Telemetry) { r.RunID = "r\xff" }, "run_id", `"r\xff"`},
		{"firmware of a page", func(r *Telemetry) { r.Firmware = "<b>" }, "firmware", `"<b>"`},
		{"no cab", func(r *Telemetry) { r.Cab = "" }, "cab", `""`},
		{"another cab", func(r *Telemetry) { r.Cab = CabName(124) }, "cab", "cab-00000124"},
		{"no seq", func(r *Telemetry) { r.Seq = 0 }, "seq", `"0"`},
		{"negative seq", func(r *Telemetry) { r.Seq = -45 }, "seq", `"-45"`},
		{"no time", func(r *Telemetry) { r.EventTime = 0 }, "event_time", "1970"},
		{"another century", func(r *Telemetry) { r.EventTime = newestMillis }, "event_time", "2100"},
		{"no lat", func(r *Telemetry) { r.Lat = 0 }, "lat", `"0"`},
		{"out of town", func(r *Telemetry) { r.Lat = 47.53001 }, "lat", "47.53001"},
		{"not a number", func(r *Telemetry) { r.Lon = math.NaN() }, "lon", "NaN"},
		{"too fast", func(r *Telemetry) { r.SpeedKmh = 200.5 }, "speed_kmh", "200.5"},
		{"backwards", func(r *Telemetry) { r.SpeedKmh = -0.5 }, "speed_kmh", "-0.5"},
		{"molten", func(r *Telemetry) { r.EngineC = 4000 }, "engine_c", "4000"},
		{"no battery", func(r *Telemetry) { r.BatteryV = 0 }, "battery_v", `"0"`},
		{"schema 3", func(r *Telemetry) { r.Schema = 3 }, "schema", `"3"`},
		{"three tyres", func(r *Telemetry) { r.TyreKPa = r.TyreKPa[:3] }, "tyre_kpa", "221"},
		{"burst tyre", func(r *Telemetry) { r.TyreKPa[2] = 501 }, "tyre_kpa", "501"},
		{"tyres of old firmware", func(r *Telemetry) { r.Schema, r.Firmware = 1, "" }, "tyre_kpa", "221"},
		{"no firmware", func(r *Telemetry) { r.Firmware = "" }, "firmware", `""`},
		{"firmware of old firmware", func(r *Telemetry) { r.Schema, r.TyreKPa = 1, nil }, "firmware", "2.1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := reading()
			c.spoil(&r)
			err := r.Check()
			if c.name == "nothing" || c.field == "" {
				if err != nil {
					t.Fatalf("got %v", err)
				}
				return
			}
			var bad *Invalid
			if !errors.As(err, &bad) {
				t.Fatalf("got %v, want field %s refused", err, c.field)
			}
			if bad.Field != c.field || !strings.Contains(bad.Value, c.value) || bad.Problem == "" || bad.Remedy == "" || len(bad.Value) > 80 {
				t.Errorf("got %+v, want field %s, value %s", bad, c.field, c.value)
			}
		})
	}
}

func TestCheckClock(t *testing.T) {
	t.Parallel()
	r := reading()
	at := r.EventTime.Time()
	if err := r.CheckClock(at.Add(-AheadMax)); err != nil {
		t.Errorf("just in time: %v", err)
	}
	var bad *Invalid
	if err := r.CheckClock(at.Add(-AheadMax - time.Millisecond)); !errors.As(err, &bad) || bad.Field != "event_time" {
		t.Errorf("a clock ahead: %v", err)
	}
}

func BenchmarkCheck(b *testing.B) {
	r := reading()
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Check(); err != nil {
			b.Fatal(err)
		}
	}
}

// Whatever comes, a reading that passes has a zone, and no panic.
func FuzzCheck(f *testing.F) {
	good, err := json.Marshal(reading())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"id":"d-","event_time":"0000-00-00T00:00:00.000Z"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		var r Telemetry
		if json.Unmarshal(line, &r) != nil || r.Check() != nil {
			return
		}
		if zone := Zone(r.Lat, r.Lon); len(zone) != len("zone-0-0") {
			t.Errorf("%s is in %q", line, zone)
		}
		again, err := json.Marshal(r)
		var back Telemetry
		if err != nil || json.Unmarshal(again, &back) != nil || back.Check() != nil {
			t.Errorf("%s passes and %s does not (%v)", line, again, err)
		}
	})
}

func TestEpochsThatReadingsCannotCarryAreRefused(t *testing.T) {
	t.Parallel()
	for epoch, good := range map[string]bool{
		"1999-12-31T23:59:50Z": false, "2000-01-01T00:00:00Z": true, "2026-01-01T08:00:00Z": true,
		"2099-12-31T23:59:59Z": true, "2100-01-01T00:00:00Z": false,
	} {
		at, err := time.Parse(time.RFC3339, epoch)
		if err != nil {
			t.Fatal(err)
		}
		if err := CheckEpoch(at); (err == nil) != good {
			t.Errorf("%s: %v", epoch, err)
		}
	}
}
