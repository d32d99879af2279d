package event

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestZoneBorders(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lat, lon float64
		want     string
	}{
		{47.32, 8.40, "zone-0-0"}, // the city's corner
		{47.33999, 8.42999, "zone-0-0"},
		{47.34, 8.42999, "zone-1-0"}, // a border belongs to the higher zone
		{47.339999, 8.43, "zone-0-1"},
		{47.34, 8.43, "zone-1-1"},
		{47.46, 8.61, "zone-7-7"},
		{47.48, 8.64, "zone-7-7"}, // the far corner
		{47.53, 8.69, "zone-7-7"}, // the margin belongs to the nearest zone
		{47.27, 8.35, "zone-0-0"},
		{47.27, 8.69, "zone-0-7"},
	} {
		if got := Zone(c.lat, c.lon); got != c.want {
			t.Errorf("%v %v: got %s, want %s", c.lat, c.lon, got, c.want)
		}
	}
}

// In whole units the zone is a division, with nothing to round.
func TestZoneAgreesWithWholeUnits(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		up, right := rapid.IntRange(0, ZoneRows*ZoneHeight-1).Draw(t, "up"), rapid.IntRange(0, ZoneColumns*ZoneWidth-1).Draw(t, "right")
		if rapid.Bool().Draw(t, "on a border") {
			up -= up % ZoneHeight
			right -= right % ZoneWidth
		}
		want := fmt.Sprintf("zone-%d-%d", up/ZoneHeight, right/ZoneWidth)
		if got := Zone(float64(CitySouth+up)/UnitsPerDegree, float64(CityWest+right)/UnitsPerDegree); got != want {
			t.Fatalf("%d up, %d right: got %s, want %s", up, right, got, want)
		}
	})
}

func TestNames(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		device, seq := rapid.Uint32Range(0, numberMax).Draw(t, "device"), rapid.Uint32Range(0, numberMax).Draw(t, "seq")
		if got, want := TelemetryID(device, seq), fmt.Sprintf("d%06d-%06d", device, seq); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
		if got, want := CabName(device), fmt.Sprintf("cab-%08d", device); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
		d, s, ok := idNumbers(TelemetryID(device, seq))
		if c, known := cabNumber(CabName(device)); !ok || !known || d != uint64(device) || s != uint64(seq) || c != d {
			t.Fatalf("%d-%d is read %d-%d of cab %d", device, seq, d, s, c)
		}
	})
	if got := IncidentID(CabName(7), Engine, 12); got != "cab-00000007|engine|12" {
		t.Errorf("got %s", got)
	}
}

func TestMillis(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := Millis(rapid.Int64Range(0, int64(newestMillis)).Draw(t, "at"))
		text, err := json.Marshal(at)
		if want := at.Time().Format(`"2006-01-02T15:04:05.000Z"`); err != nil || string(text) != want {
			t.Fatalf("%d is written %s (%v), want %s", at, text, err, want)
		}
		var back Millis
		if err := json.Unmarshal(text, &back); err != nil || back != at {
			t.Fatalf("%s is read %d (%v), want %d", text, back, err, at)
		}
		if start := at.Minute(); start > at || at-start >= 60_000 || start.Time().Second() != 0 {
			t.Fatalf("the minute of %s starts at %s", at, start)
		}
	})
	if got := Millis(-1).Minute(); got != -60_000 {
		t.Errorf("the minute before the epoch starts at %d", got)
	}
}

// The fast path must read what the library reads, and nothing else.
func FuzzMillis(f *testing.F) {
	for _, seed := range []string{
		`"2026-11-21T10:00:00.000Z"`, `"2026-02-28T23:59:59.999Z"`, `"2026-02-30T10:00:00.000Z"`, `"2026-13-01T00:00:00.000Z"`,
		`"2026-11-21T10:00:00+01:00"`, `"2024-02-29T10:00:60.000Z"`, `"2026-11-21t10:00:00.000Z"`, `"yesterday"`, `null`, `7`, ``,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var want time.Time
		libraryErr := want.UnmarshalJSON(text)
		var got Millis
		err := got.UnmarshalJSON(text)
		if (err == nil) != (libraryErr == nil) || err == nil && string(text) != "null" && got != MillisOf(want) {
			t.Errorf("%q: got %v, %v; want %v, %v", text, got, err, want, libraryErr)
		}
	})
}

func BenchmarkMillis(b *testing.B) {
	text := []byte(`"2026-11-21T10:00:00.000Z"`)
	b.ReportAllocs()
	for b.Loop() {
		var at Millis
		if err := at.UnmarshalJSON(text); err != nil {
			b.Fatal(err)
		}
	}
}
