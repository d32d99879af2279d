package intake

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

const good = `{"id":"d000042-000007","run_id":"r1","event_time":"2026-01-02T03:04:05.678Z","schema_version":1,` +
	`"subscriber":{"name":"Zoë Ångström","email":"zoe@example.com"},"location":{"latitude":38.72,"longitude":-9.14}}`

func TestDecodeAccepts(t *testing.T) {
	t.Parallel()
	s, bad := Decode([]byte(good))
	if bad != nil {
		t.Fatal(bad.Error)
	}
	if s.ID != "d000042-000007" || s.Location.Longitude != -9.14 || s.EventTime.UnixMilli() != 1767323045678 {
		t.Fatalf("read %+v", s)
	}
	if bad := Complete(s); bad != nil {
		t.Fatal(bad.Error)
	}
	s, bad = Decode([]byte(`{"subscriber":{"name":"A","email":"a@b.c"},"location":{"latitude":90,"longitude":-180},"more":[1]}`))
	if bad != nil {
		t.Fatal(bad.Error)
	}
	if bad := Complete(s); bad == nil || bad.Field != "id" {
		t.Fatalf("a signup without its envelope is complete: %+v", bad)
	}
}

func TestDecodeNamesFieldValueAndRemedy(t *testing.T) {
	t.Parallel()
	swap := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%q is not in the good signup", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	for _, c := range []struct{ name, body, field, value, problem string }{
		{"empty", "", "", "", "is empty"},
		{"no JSON", "<xml/>", "", "<xml/>", "is not JSON"},
		{"array", "[1]", "", "[1]", "is not a JSON object"},
		{"null", "null", "subscriber", "", "is missing"},
		{"not UTF-8", swap("Zoë", "Zo\xeb"), "", "byte 0xeb", "is not UTF-8"},
		{"cut short", good[:60], "", good[:20], "is not JSON"},
		{"no location", `{"subscriber":{}}`, "location", "", "is missing"},
		{"no latitude", swap(`"latitude":38.72,`, ""), "location.latitude", "", "is missing"},
		{"null latitude", swap("38.72", "null"), "location.latitude", "", "is missing"},
		{"no name", swap(`"name":"Zoë Ångström",`, ""), "subscriber.name", "", "is missing"},
		{"latitude a text", swap("38.72", `"38.72"`), "location.latitude", `"38.72"`, "is a string, not a number"},
		{"latitude beyond floats", swap("38.72", "1e999"), "location.latitude", "1e999", "not a number"},
		{"name a number", swap(`"Zoë Ångström"`, "7"), "subscriber.name", "7", "is a number, not a text"},
		{"subscriber a text", swap(`{"name":"Zoë Ångström","email":"zoe@example.com"}`, `"Zoë"`), "subscriber", `"Zoë"`, "is a string, not an object"},
		{"latitude too high", swap("38.72", "90.01"), "location.latitude", "90.01", "is out of range"},
		{"longitude too low", swap("-9.14", "-180.5"), "location.longitude", "-180.5", "is out of range"},
		{"swapped digits of an id", swap("d000042-000007", "d42-7"), "id", "d42-7", "is not a signup id"},
		{"empty id", swap("d000042-000007", ""), "id", "", "is not a signup id"},
		{"other version", swap(`"schema_version":1`, `"schema_version":2`), "schema_version", "2", "is not known"},
		{"no instant", swap("2026-01-02T03:04:05.678Z", "yesterday"), "event_time", "yesterday", "is not an RFC 3339"},
		{"no address", swap("zoe@example.com", "zoe"), "subscriber.email", "zoe", "is not an email"},
		{"blank name", swap("Zoë Ångström", "  "), "subscriber.name", "  ", "is empty"},
		{"control characters", swap("Zoë", `Zo\u0000`), "subscriber.name", "", "control"},
	} {
		_, bad := Decode([]byte(c.body))
		switch {
		case bad == nil:
			t.Errorf("%s: accepted", c.name)
		case bad.Field != c.field || !strings.Contains(bad.Problem, c.problem) || bad.Remedy == "" ||
			!strings.HasPrefix(bad.Value, c.value) || !strings.Contains(bad.Error, c.field):
			t.Errorf("%s: got %+v", c.name, *bad)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte(`{"location":{"latitude":"`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, bad := Decode(data)
		if bad != nil {
			if bad.Error == "" || !utf8.ValidString(bad.Value) || len(bad.Value) > 90 {
				t.Fatalf("bad rejection %+v", bad)
			}
			return
		}
		again, err := json.Marshal(s)
		if err != nil {
			t.Fatalf("an accepted signup does not encode: %v", err)
		}
		if s.EventTime.IsZero() || s.ID == "" {
			return // incomplete: the app fills it in before it is encoded
		}
		if _, bad := Decode(again); bad != nil {
			t.Fatalf("an accepted signup is refused when read again: %s", bad.Error)
		}
	})
}
