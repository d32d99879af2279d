package oracle

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/location/event"
)

const book = `{"version":1,"earth_radius_km":6371.0088,
"pops":[{"id":"zrh","latitude":47.38,"longitude":8.54},{"id":"par","latitude":48.86,"longitude":2.35},{"id":"twin","latitude":47.38,"longitude":8.54}],
"regions":{"Europe":{"currency":"EUR","options":[{"name":"fiber","down_mbps":1000,"up_mbps":500,"price_per_month":30,"max_distance_km":100},{"name":"radio","down_mbps":50,"up_mbps":10,"price_per_month":10.5}]}},
"countries":[{"code":"FR","region":"Europe"},{"code":"CH","region":"Europe","market":{"currency":"CHF","options":[{"name":"gold","down_mbps":2000,"up_mbps":2000,"price_per_month":99}]}}],
"maritime":{"currency":"USD","options":[{"name":"satellite","down_mbps":20,"up_mbps":2,"price_per_month":120}]}}`

func id(device int) ledger.ID { return ledger.ID{Device: uint32(device)} }

func place(device int, country string, lat, lon float64) scenario.Planned {
	return scenario.Planned{
		ID:     id(device),
		Event:  event.Signup{ID: id(device).String(), Location: event.Location{Latitude: lat, Longitude: lon}},
		Labels: map[string]string{event.CountryLabel: country, event.PlaceLabel: "a place"},
	}
}

func plan() []scenario.Planned {
	return []scenario.Planned{
		place(0, "CH", 47.4, 8.5),  // its own market
		place(1, "FR", 48.9, 2.3),  // near: both of the region's options
		place(2, "FR", 43.3, 5.4),  // far from both points: radio only
		place(3, "", 0, 0),         // at sea
		place(4, "CH", 46.2, 6.14), // at a border
		{ID: id(5), Event: []byte("{"), Labels: map[string]string{event.ExpectLabel: event.ExpectReject, event.FieldLabel: "", event.MistakeLabel: "cut short"}},
		{ID: id(6), Event: []byte("{}"), Labels: map[string]string{event.ExpectLabel: event.ExpectReject, event.FieldLabel: "location", event.MistakeLabel: "no location"}},
	}
}

var rightAnswers = []event.Offer{
	answer("CH", "zrh", "gold"), answer("FR", "par", "fiber", "radio"), answer("FR", "zrh", "radio"),
	answer("", "zrh", "satellite"), answer("CH", "zrh", "gold"),
}

// terms are the book's options as an offer states them.
var terms = map[string]event.Option{
	"fiber":     {Name: "fiber", DownMbps: 1000, UpMbps: 500, Price: 30, Currency: "EUR"},
	"radio":     {Name: "radio", DownMbps: 50, UpMbps: 10, Price: 10.5, Currency: "EUR"},
	"gold":      {Name: "gold", DownMbps: 2000, UpMbps: 2000, Price: 99, Currency: "CHF"},
	"satellite": {Name: "satellite", DownMbps: 20, UpMbps: 2, Price: 120, Currency: "USD"},
}

func answer(country, pop string, options ...string) event.Offer {
	o := event.Offer{Country: country, PoP: pop}
	for _, name := range options {
		o.Options = append(o.Options, terms[name])
	}
	return o
}

// play records a run in which devices in skip did not do their part.
func play(skip ...int) *ledger.Ledger {
	l := ledger.New()
	for n := range plan() {
		l.Sent(id(n))
		switch {
		case slices.Contains(skip, n):
		case n == 5:
			l.Refused(id(n), `field ""`)
		case n == 6:
			l.Refused(id(n), `field "location"`)
		default:
			l.Acknowledged(id(n))
			l.Arrived(event.BrowserPoint, id(n))
			l.Outcome(id(n), rightAnswers[n].Answer())
		}
	}
	return l
}

func grade(t *testing.T, l *ledger.Ledger) map[string]scenario.Outcome {
	t.Helper()
	o, err := New([]byte(book))
	if err != nil {
		t.Fatal(err)
	}
	outcomes, err := o.Grade(t.Context(), scenario.Env{}, slices.Values(plan()), l)
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]scenario.Outcome{}
	for _, outcome := range outcomes {
		byName[outcome.Name] = outcome
	}
	return byName
}

const (
	sent    = "every planned signup sent and accepted"
	once    = "exactly one offer per signup"
	correct = "every offer correct"
	waits   = "nobody waits forever"
	refuses = "malformed signups refused naming the field"
)

func TestGrade(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		skip     int // a device whose part is played by sabotage
		sabotage func(l *ledger.Ledger)
		fails    map[string]string // outcomes that fail → what got must say
	}{
		{"all well", -1, func(*ledger.Ledger) {}, nil},
		{"swapped offer", 4, func(l *ledger.Ledger) {
			l.Acknowledged(id(4))
			l.Arrived(event.BrowserPoint, id(4))
			l.Outcome(id(4), answer("DE", "fra", "fiber").Answer())
		}, map[string]string{correct: "1 wrong: d000004-000000: got DE fra fiber [1000/500 Mbps 30 EUR], want CH zrh gold [2000/2000 Mbps 99 CHF] (a place)"}},
		{"right place, wrong options", 1, func(l *ledger.Ledger) {
			l.Acknowledged(id(1))
			l.Outcome(id(1), answer("FR", "par", "radio").Answer())
		}, map[string]string{correct: "got FR par radio [50/10 Mbps 10.5 EUR], want FR par fiber,radio [1000/500 Mbps 30 EUR, 50/10 Mbps 10.5 EUR]"}},
		{"right options, wrong price", 2, func(l *ledger.Ledger) {
			l.Acknowledged(id(2))
			dear := answer("FR", "zrh", "radio")
			dear.Options[0].Price++
			l.Outcome(id(2), dear.Answer())
		}, map[string]string{correct: "got FR zrh radio [50/10 Mbps 11.5 EUR], want FR zrh radio [50/10 Mbps 10.5 EUR]"}},
		{"offer lost", 2, func(l *ledger.Ledger) {
			l.Acknowledged(id(2))
			l.Arrived(event.AbandonedPoint, id(2))
		}, map[string]string{once: "1 without an offer: d000002-000000", waits: "1 neither got an offer nor were told that none came: d000002-000000"}},
		{"told that none came", 2, func(l *ledger.Ledger) {
			l.Acknowledged(id(2))
			l.Arrived(event.TimedOutPoint, id(2))
		}, map[string]string{once: "1 without an offer: d000002-000000"}},
		{"offer twice", -1, func(l *ledger.Ledger) {
			l.Arrived(event.BrowserPoint, id(3))
			l.Outcome(id(3), rightAnswers[3].Answer())
		}, map[string]string{once: "1 offers too many: d000003-000000"}},
		{"two offers that differ", -1, func(l *ledger.Ledger) {
			l.Arrived(event.BrowserPoint, id(3))
			l.Outcome(id(3), "XX")
		}, map[string]string{once: "1 that contradict an earlier one: d000003-000000"}},
		{
			"malformed accepted", 6, func(l *ledger.Ledger) { l.Acknowledged(id(6)) },
			map[string]string{refuses: "1 not refused: d000006-000000: accepted with no location"},
		},
		{
			"malformed unanswered", 5, func(*ledger.Ledger) {},
			map[string]string{refuses: "1 not refused: d000005-000000: sent, never accepted nor refused"},
		},
		{
			"wrong field named", 6, func(l *ledger.Ledger) { l.Refused(id(6), `field "id"`) },
			map[string]string{refuses: `1 named wrongly: d000006-000000: no location: got field "id", want field "location"`},
		},
		{
			"refused without a word", 6, func(l *ledger.Ledger) { l.Rejected(id(6)) },
			map[string]string{refuses: "1 named wrongly"},
		},
		{"good one refused", 0, func(l *ledger.Ledger) { l.Refused(id(0), `field "location"`) }, map[string]string{
			refuses: `1 refused though well-formed: d000000-000000: well-formed but refused with field "location"`,
			sent:    "4 accepted, 1 refused: d000000-000000",
		}},
		{
			"never accepted", 0, func(*ledger.Ledger) {},
			map[string]string{sent: "1 not accepted: d000000-000000: sent, never accepted"},
		},
		{
			"simulator too slow", 0, func(l *ledger.Ledger) { l.Arrived(event.OverloadPoint, id(0)) },
			map[string]string{sent: "not sent, the simulator was at its limit"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := play(c.skip)
			c.sabotage(l)
			for name, outcome := range grade(t, l) {
				want, fails := c.fails[name]
				if outcome.Pass == fails || !strings.Contains(outcome.Got, want) {
					t.Errorf("%s: pass %v, got %q, want %q; expected failure %q", name, outcome.Pass, outcome.Got, outcome.Want, want)
				}
			}
		})
	}
}

func TestGradeNamesTheFirstAndCountsTheRest(t *testing.T) {
	t.Parallel()
	o, err := New([]byte(book))
	if err != nil {
		t.Fatal(err)
	}
	const n = 1000
	l := ledger.New()
	many := func(yield func(scenario.Planned) bool) {
		for device := range n {
			if !yield(place(device, "CH", 47.4, 8.5)) {
				return
			}
		}
	}
	for device := range n {
		l.Sent(id(device))
		l.Acknowledged(id(device))
		l.Outcome(id(device), "XX")
	}
	outcomes, err := o.Grade(t.Context(), scenario.Env{}, many, l)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(outcomes, func(o scenario.Outcome) bool { return o.Name == correct })
	got := outcomes[i].Got
	if strings.Count(got, "d0000") != nameLimit || strings.Count(got, "want CH") != explainLimit || !strings.HasSuffix(got, "and 980 more") {
		t.Errorf("got %s", got)
	}
}

func TestGradeStopsAndRefuses(t *testing.T) {
	t.Parallel()
	o, err := New([]byte(book))
	if err != nil {
		t.Fatal(err)
	}
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	endless := func(yield func(scenario.Planned) bool) {
		for yield(place(0, "CH", 47.4, 8.5)) {
		}
	}
	if _, err := o.Grade(stopped, scenario.Env{}, endless, ledger.New()); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	odd := slices.Values([]scenario.Planned{{Event: 7}})
	if _, err := o.Grade(t.Context(), scenario.Env{}, odd, ledger.New()); err == nil {
		t.Error("an event that is no signup was graded")
	}
}
