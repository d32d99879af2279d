package subscribers

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"

	"github.com/weirstream/weir/scenarios/location/event"
)

// mistake is one way to get a signup wrong on purpose. The app must refuse it
// and name field.
type mistake struct {
	name  string
	field string // as a Rejection names it; "" is the body as a whole
	spoil func(good []byte, s event.Signup) []byte
}

// mistakes are drawn equally often, but for a body of more than a megabyte,
// which largePercent of them are.
func mistakes() []mistake {
	return []mistake{
		{"no latitude", "location.latitude", drop(`"latitude":47.38,`)},
		{"no longitude", "location.longitude", drop(`,"longitude":8.54`)},
		{"no location", "location", drop(`,"location":{"latitude":47.38,"longitude":8.54}`)},
		{"latitude as text", "location.latitude", swap(`"latitude":47.38`, `"latitude":"47.38"`)},
		{"longitude as list", "location.longitude", swap(`"longitude":8.54`, `"longitude":[8.54]`)},
		{"latitude north of the pole", "location.latitude", swap(`"latitude":47.38`, `"latitude":90.01`)},
		{"longitude around the world", "location.longitude", swap(`"longitude":8.54`, `"longitude":368.54`)},
		{"number for a name", "subscriber.name", func(good []byte, s event.Signup) []byte {
			return swap(`"name":"`+s.Subscriber.Name+`"`, `"name":7`)(good, s)
		}},
		{"no address", "subscriber.email", func(good []byte, s event.Signup) []byte {
			return swap(s.Subscriber.Email, strings.ReplaceAll(s.Subscriber.Email, "@", " at "))(good, s)
		}},
		{"not UTF-8", "", func(good []byte, s event.Signup) []byte {
			return swap(`"name":"`, "\"name\":\"\xff\xfe")(good, s)
		}},
		{"cut short", "", func(good []byte, _ event.Signup) []byte { return good[:len(good)/2] }},
		{"not JSON", "", func([]byte, event.Signup) []byte { return []byte("name=Zo&latitude=47.38") }},
		{"empty", "", func([]byte, event.Signup) []byte { return []byte{} }},
	}
}

const (
	largePercent = 3
	largeBytes   = 1<<20 + 1
)

// large is a good signup but for its size, shared by every plan.
func large() []byte {
	return []byte(`{"id":"d000000-000000","run_id":"large","event_time":"2026-01-01T00:00:00.000Z","schema_version":1,` +
		`"subscriber":{"name":"Ada Large","email":"ada.large@example.org"},` +
		`"location":{"latitude":47.38,"longitude":8.54},"note":"` + strings.Repeat("x", largeBytes) + `"}`)
}

// rubbish is a table of mistakes with their labels.
type rubbish struct {
	kinds       []mistake
	labels      []map[string]string
	large       []byte
	largeLabels map[string]string
}

func newRubbish() rubbish {
	r := rubbish{kinds: mistakes(), large: large(), largeLabels: rejectLabels("larger than a megabyte", "")}
	for _, kind := range r.kinds {
		r.labels = append(r.labels, rejectLabels(kind.name, kind.field))
	}
	return r
}

func rejectLabels(name, field string) map[string]string {
	return map[string]string{event.ExpectLabel: event.ExpectReject, event.FieldLabel: field, kindLabel: "malformed", event.MistakeLabel: name}
}

// draw spoils s. Its body names an empty run, for Simulate to fill in.
func (r *rubbish) draw(src *rand.PCG, s event.Signup) ([]byte, map[string]string) {
	if below(src, 100) < largePercent {
		return r.large, r.largeLabels
	}
	s.Location = event.Location{Latitude: 47.38, Longitude: 8.54}
	good, err := json.Marshal(s)
	if err != nil {
		panic("a planned signup does not encode: " + err.Error())
	}
	at := below(src, len(r.kinds))
	return r.kinds[at].spoil(good, s), r.labels[at]
}

func swap(old, replacement string) func([]byte, event.Signup) []byte {
	return func(good []byte, _ event.Signup) []byte {
		return bytes.Replace(good, []byte(old), []byte(replacement), 1)
	}
}

func drop(part string) func([]byte, event.Signup) []byte { return swap(part, "") }
