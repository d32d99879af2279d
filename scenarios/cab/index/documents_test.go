package index

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/scenarios/cab/event"
)

// shelf takes documents as OpenSearch does under version_type=external.
type shelf map[string]Document

func (s shelf) put(d Document) {
	key := d.Index + "/" + d.ID
	if have, ok := s[key]; !ok || d.Version > have.Version {
		s[key] = d
	}
}

// said is what is on the shelf, in comparable form.
func (s shelf) said(t testing.TB) map[string]string {
	all := map[string]string{}
	for key, d := range s {
		body, err := json.Marshal(d.Body)
		if err != nil {
			t.Fatal(err)
		}
		all[key] = fmt.Sprint(d.Version, " ", string(body))
	}
	return all
}

const hour = event.Millis(3_600_000)

// history draws what some cabs did, as refine tells it: incidents open and close.
func history(t *rapid.T) []event.Activity {
	var all []event.Activity
	for c := range rapid.IntRange(1, 3).Draw(t, "cabs") {
		at := event.Millis(1_795_300_000_000) + 21*hour // shortly before midnight
		opened := map[string]event.HealthChange{}
		for seq := range rapid.IntRange(1, 12).Draw(t, "readings") {
			at += event.Millis(rapid.IntRange(1, 2_000_000).Draw(t, "after"))
			a := event.Activity{RunID: "r", Cab: event.CabName(uint32(c)), Seq: int64(seq), EventTime: at, Zone: "zone-0-0", SpeedKmh: float64(seq)}
			for _, kind := range []string{event.Engine, event.GPS} {
				if rapid.IntRange(0, 2).Draw(t, "change") > 0 {
					continue
				}
				if h, open := opened[kind]; open {
					h.Change = event.Closed
					a.Health = append(a.Health, h)
					delete(opened, kind)
				} else {
					opened[kind] = event.HealthChange{Kind: kind, Change: event.Opened, OpenedSeq: a.Seq, OpenedAt: at}
					a.Health = append(a.Health, opened[kind])
				}
			}
			all = append(all, a)
		}
	}
	return all
}

// TestAnyOrderAndRedeliveryGiveTheSameDocuments is the guarantee of the stage,
// without its wires: batches in any order, some of them again.
func TestAnyOrderAndRedeliveryGiveTheSameDocuments(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		all := history(t)
		want := shelf{}
		for i := range all {
			for _, d := range OfActivity(&all[i]) {
				want.put(d)
			}
		}
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		deliveries := append([]event.Activity{}, all...)
		for range rapid.IntRange(0, 20).Draw(t, "again") {
			deliveries = append(deliveries, all[rng.IntN(len(all))])
		}
		rng.Shuffle(len(deliveries), func(i, j int) { deliveries[i], deliveries[j] = deliveries[j], deliveries[i] })
		got := shelf{}
		for len(deliveries) > 0 {
			n := rapid.IntRange(1, len(deliveries)).Draw(t, "batch")
			f := newFold(n)
			for i := range deliveries[:n] {
				f.add(nil, OfActivity(&deliveries[i]))
			}
			for _, w := range f.kept {
				got.put(w.Document)
			}
			deliveries = deliveries[n:]
		}
		if have, wanted := got.said(nil), want.said(nil); !maps.Equal(have, wanted) {
			t.Errorf("got %v, want %v", have, wanted)
		}
	})
}

func TestDocumentsSayWhatTheirRecordsSay(t *testing.T) {
	t.Parallel()
	at := event.Millis(1_795_262_400_000) // 2026-11-21T12:00Z
	got := shelf{}
	for _, d := range OfActivity(&event.Activity{
		RunID: "r", Cab: "cab-00000001", Seq: 9, EventTime: at, Zone: "zone-1-2", Hired: true, Open: []string{"engine"},
		Health: []event.HealthChange{{Kind: event.Engine, Change: event.Opened, OpenedSeq: 9, OpenedAt: at}},
	}) {
		got.put(d)
	}
	for _, d := range OfMetrics(&event.Metrics{RunID: "r", Zone: "zone-1-2", WindowStart: at, Revision: 1, Events: 3, NoFreeWindows: 3}) {
		got.put(d)
	}
	want := map[string]int64{
		"cab-cabs-2026.11.21/r|cab-00000001":                                              10,
		"cab-health-2026.11.21/r|cab-00000001|engine|9":                                   1,
		"cab-alerts-2026.11.21/r|engine-over-limit|cab-00000001|2026-11-21T12:00:00.000Z": 1,
		"cab-zones-2026.11.21/r|zone-1-2|2026-11-21T12:00:00.000Z":                        1,
		"cab-alerts-2026.11.21/r|no-free-cab|zone-1-2|2026-11-21T11:58:00.000Z":           3,
	}
	versions := map[string]int64{}
	for key, d := range got {
		versions[key] = d.Version
	}
	if !maps.Equal(versions, want) {
		t.Errorf("got %v, want %v", versions, want)
	}
	for _, d := range OfMetrics(&event.Metrics{RunID: "r", Zone: "z", NoFreeWindows: 2}) {
		if d.Index[:10] == "cab-alerts" {
			t.Error("alert after two windows")
		}
	}
}

// What begins before midnight stays in the index of its day, where its end finds it.
func TestWhatEndsAfterMidnightIsWhereItBegan(t *testing.T) {
	t.Parallel()
	const midnight = noon + 12*hour
	opened := event.HealthChange{Kind: event.Engine, Change: event.Opened, OpenedSeq: 4, OpenedAt: midnight - 1}
	closed := opened
	closed.Change = event.Closed
	s := shelf{}
	for _, a := range []event.Activity{
		{RunID: "r", Cab: event.CabName(1), Seq: 4, EventTime: midnight - 1, Health: []event.HealthChange{opened}},
		{RunID: "r", Cab: event.CabName(1), Seq: 9, EventTime: midnight, Health: []event.HealthChange{closed}},
	} {
		for _, d := range OfActivity(&a) {
			s.put(d)
		}
	}
	for windows := int64(3); windows <= 4; windows++ { // the first ends at midnight
		m := event.Metrics{RunID: "r", Zone: "zone-0-0", WindowStart: midnight + event.Millis(windows-4)*60_000, Revision: 1, NoFreeWindows: windows}
		for _, d := range OfMetrics(&m) {
			s.put(d)
		}
	}
	got := map[string]int64{}
	for key, d := range s {
		got[key] = d.Version
	}
	want := map[string]int64{
		"cab-cabs-2026.11.21/r|cab-00000001": 5, "cab-cabs-2026.11.22/r|cab-00000001": 10,
		"cab-health-2026.11.21/r|cab-00000001|engine|4":                                   2,
		"cab-alerts-2026.11.21/r|engine-over-limit|cab-00000001|2026-11-21T23:59:59.999Z": 2,
		"cab-zones-2026.11.21/r|zone-0-0|2026-11-21T23:59:00.000Z":                        1,
		"cab-zones-2026.11.22/r|zone-0-0|2026-11-22T00:00:00.000Z":                        1,
		"cab-alerts-2026.11.21/r|no-free-cab|zone-0-0|2026-11-21T23:57:00.000Z":           4,
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
}
