package oracle

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/weirstream/weir/scenarios/cab/event"
)

func TestSabotageOfContent(t *testing.T) {
	t.Parallel()
	change := func(is func(event.Activity) bool, spoil func(*event.Activity), want string) func(testing.TB, *world) map[string]string {
		return func(t testing.TB, w *world) map[string]string {
			a := &w.activity[where(t, w.activity, is)]
			spoil(a)
			return map[string]string{says: "1 wrong: " + a.ID + ": " + want}
		}
	}
	any := func(event.Activity) bool { return true }
	run(t, []sabotage{
		{"pick-up missed", change(func(a event.Activity) bool { return a.PickUp }, func(a *event.Activity) { a.PickUp = false }, "pick_up got false, want true")},
		{"drop-off made up", change(func(a event.Activity) bool { return !a.DropOff }, func(a *event.Activity) { a.DropOff = true }, "drop_off got true")},
		{"another zone", change(func(a event.Activity) bool { return a.Zone != "zone-0-0" }, func(a *event.Activity) { a.Zone = "zone-0-0" }, "zone got zone-0-0, want zone-")},
		{"no zone", change(any, func(a *event.Activity) { a.Zone = "zone-9-9" }, "zone got zone-9-9")},
		{"another place", change(any, func(a *event.Activity) { a.Lat = 47.27; a.Lon = 8.35; a.Lat += 0.2 }, "position in")},
		{"another time", change(any, func(a *event.Activity) { a.EventTime++ }, "event_time got")},
		{"another cab", change(any, func(a *event.Activity) { a.Cab = "cab-7" }, "cab got cab-7")},
		{"a gap overlooked", change(func(a event.Activity) bool { return a.Gap > 0 }, func(a *event.Activity) { a.Gap = 0 }, "gap got 0, want 1")},
		{"an opening overlooked", change(func(a event.Activity) bool { return len(a.Health) > 0 }, func(a *event.Activity) { a.Health = nil }, "health got nothing, want")},
		{"an incident forgotten", change(func(a event.Activity) bool { return len(a.Open) > 0 && len(a.Health) == 0 }, func(a *event.Activity) { a.Open = nil }, "open got , want")},
		{"two things", change(any, func(a *event.Activity) { a.Seq++; a.SpeedKmh += 0.5 }, "seq got 1, want 0, speed_kmh got")},
	})
}

func TestSabotageOfDocuments(t *testing.T) {
	t.Parallel()
	run(t, []sabotage{
		{"window shifted", func(_ testing.TB, w *world) map[string]string {
			w.windows[0].WindowStart += 30_000
			return map[string]string{metrics: "that should not be: " + w.windows[0].Zone}
		}},
		{"window a day off", func(_ testing.TB, w *world) map[string]string {
			w.windows[0].WindowStart += 24 * 60 * 60_000
			return map[string]string{metrics: "1 missing: " + w.windows[0].Zone}
		}},
		{"window emitted twice", func(_ testing.TB, w *world) map[string]string {
			w.measured = append(w.measured, w.measured[0])
			return map[string]string{measured: "1 there twice: zone-"}
		}},
		{"window not indexed", func(_ testing.TB, w *world) map[string]string {
			w.measured, w.windows = w.windows, w.windows[1:]
			return map[string]string{metrics: "1 missing: zone-"}
		}},
		{"window missing", func(_ testing.TB, w *world) map[string]string {
			w.windows = w.windows[1:]
			return map[string]string{metrics: "1 missing: zone-"}
		}},
		{"window twice", func(_ testing.TB, w *world) map[string]string {
			w.windows = append(w.windows, w.windows[0])
			return map[string]string{metrics: "1 there twice: zone-"}
		}},
		{"pick-up in the wrong zone", func(t testing.TB, w *world) map[string]string {
			from := where(t, w.windows, func(m event.Metrics) bool { return m.PickUps > 0 })
			to := where(t, w.windows, func(m event.Metrics) bool { return m.Zone != w.windows[from].Zone })
			w.windows[from].PickUps--
			w.windows[to].PickUps++
			return map[string]string{metrics: fmt.Sprintf("pick_ups got %d, want %d", w.windows[from].PickUps, w.windows[from].PickUps+1)}
		}},
		{"a cab counted twice", func(_ testing.TB, w *world) map[string]string {
			w.windows[3].ActiveCabs++
			return map[string]string{metrics: "active_cabs got"}
		}},
		{"a missing reading not counted", func(t testing.TB, w *world) map[string]string {
			w.windows[where(t, w.windows, func(m event.Metrics) bool { return m.Missing > 0 })].Missing--
			return map[string]string{metrics: "missing got"}
		}},
		{"older firmware not counted", func(t testing.TB, w *world) map[string]string {
			w.windows[where(t, w.windows, func(m event.Metrics) bool { return m.OldSchema > 0 })].OldSchema = 0
			return map[string]string{metrics: "old_schema got 0, want"}
		}},
		{"mean speed", func(_ testing.TB, w *world) map[string]string {
			w.windows[3].SpeedSumKmh += 0.5
			return map[string]string{metrics: "speed_sum_kmh got"}
		}},
		{"incident not closed", func(t testing.TB, w *world) map[string]string {
			i := &w.incidents[where(t, w.incidents, func(i event.Incident) bool { return i.Closed })]
			i.Closed, i.ClosedSeq, i.ClosedAt = false, 0, 0
			return map[string]string{health: "1 wrong: " + i.ID + ": closed got false, want true"}
		}},
		{"incident closed early", func(t testing.TB, w *world) map[string]string {
			w.incidents[where(t, w.incidents, func(i event.Incident) bool { return i.Closed })].ClosedSeq--
			return map[string]string{health: "closed_seq got"}
		}},
		{"incident opened by the first violation", func(_ testing.TB, w *world) map[string]string {
			i := &w.incidents[0]
			i.OpenedSeq -= 2
			i.ID = event.IncidentID(i.Cab, i.Kind, i.OpenedSeq)
			return map[string]string{health: "1 that should not be: " + i.ID}
		}},
		{"incident of nobody", func(_ testing.TB, w *world) map[string]string {
			w.incidents = append(w.incidents, event.Incident{ID: "x|engine|3", Cab: "cab-99999999", Kind: event.Engine})
			return map[string]string{health: "1 that should not be: x|engine|3"}
		}},
		{"alert missing", func(t testing.TB, w *world) map[string]string {
			at := where(t, w.alerts, func(a event.Alert) bool { return a.Kind == event.NoFreeCab })
			gone := w.alerts[at]
			w.alerts = slices.Delete(w.alerts, at, at+1)
			return map[string]string{alerts: "1 missing: no-free-cab of " + gone.Entity + " since " + gone.Start.String()}
		}},
		{"alert raised twice", func(t testing.TB, w *world) map[string]string {
			w.alerts = append(w.alerts, w.alerts[where(t, w.alerts, func(a event.Alert) bool { return a.Kind == event.EngineOverLimit })])
			return map[string]string{alerts: "1 there twice: engine-over-limit of cab-"}
		}},
		{"alert too early", func(_ testing.TB, w *world) map[string]string {
			w.alerts = append(w.alerts, event.Alert{Kind: event.NoFreeCab, Entity: "zone-0-0", Start: w.windows[0].WindowStart - 3_600_000, Revision: 2})
			return map[string]string{alerts: "1 that should not be: no-free-cab of zone-0-0 since"}
		}},
		{"alert that misses a window", func(t testing.TB, w *world) map[string]string {
			a := &w.alerts[where(t, w.alerts, func(a event.Alert) bool { return a.Kind == event.NoFreeCab })]
			a.Revision--
			a.Last -= 60_000
			return map[string]string{alerts: "1 wrong: no-free-cab of " + a.Entity + " since " + a.Start.String() + ": revision got"}
		}},
		{"alert of a closed incident still open", func(t testing.TB, w *world) map[string]string {
			a := &w.alerts[where(t, w.alerts, func(a event.Alert) bool { return a.Over })]
			a.Over = false
			return map[string]string{alerts: "over got false, want true"}
		}},
		{"a last state gone back", func(_ testing.TB, w *world) map[string]string {
			w.cabs[0].Seq--
			return map[string]string{lastState: w.cabs[0].Cab + ": seq got"}
		}},
		{"a cab without a state", func(_ testing.TB, w *world) map[string]string {
			gone := w.cabs[0].Cab
			w.cabs = w.cabs[1:]
			return map[string]string{lastState: "1 missing: " + gone}
		}},
		{"a cab elsewhere, and yesterday's", func(_ testing.TB, w *world) map[string]string {
			yesterday := w.cabs[0]
			yesterday.Seq, yesterday.EventTime = 0, yesterday.EventTime-24*60*60_000
			w.cabs = append(w.cabs, yesterday)
			w.cabs[0].Lat, w.cabs[0].Open = 47.4, []string{"engine"}
			return map[string]string{lastState: "1 wrong: " + w.cabs[0].Cab + ": lat got"}
		}},
		{"a group left behind", func(_ testing.TB, w *world) map[string]string {
			w.lags[2].Records = 7
			return map[string]string{lagging: "1 behind: cab-index by 7 records of cab-activity"}
		}},
		{"dead letters", func(_ testing.TB, w *world) map[string]string {
			w.letters = []DeadLetter{{"good one", "why?"}, {"poison-1", ""}}
			w.poison = append(w.poison, "poison-2")
			return map[string]string{dead: "1 not planted: good one: why?, 1 missing: poison-2, 1 without a reason: poison-1"}
		}},
		{"nothing readable", func(_ testing.TB, w *world) map[string]string {
			w.err = errors.New("no shard answers")
			fails := map[string]string{}
			for _, name := range []string{once, says, measured, metrics, health, alerts, lastState, lateTopic, dead, lagging} {
				fails[name] = "error: no shard answers"
			}
			return fails
		}},
	})
}
