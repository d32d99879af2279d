package oracle

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// small is a world with everything in it.
func small(t testing.TB) *world {
	return newWorld(planOf(t, 1, scenario.Load{Rate: 60, Devices: 120, For: 6 * time.Minute}))
}

// where is the index of the first that is so.
func where[V any](t testing.TB, all []V, is func(V) bool) int {
	t.Helper()
	i := slices.IndexFunc(all, is)
	if i < 0 {
		t.Fatal("the plan has none of what is to be sabotaged")
	}
	return i
}

func planned(t testing.TB, w *world, label, value string) scenario.Planned {
	t.Helper()
	return w.plan[where(t, w.plan, func(p scenario.Planned) bool { return p.Labels[label] == value && p.Labels["again"] == "" })]
}

// lost is the world with one reading accepted in the devices' eyes only.
func lost(w *world, at int) *event.Activity {
	a := w.activity[at]
	w.activity = slices.Delete(w.activity, at, at+1)
	return &a
}

func (w *world) window(t testing.TB, a *event.Activity) *event.Metrics {
	t.Helper()
	return &w.windows[where(t, w.windows, func(m event.Metrics) bool {
		return m.Zone == a.Zone && m.WindowStart == a.EventTime.Minute()
	})]
}

type sabotage struct {
	name string
	do   func(t testing.TB, w *world) map[string]string // outcome → what it must say
}

func TestSabotageOfReadings(t *testing.T) {
	t.Parallel()
	run(t, []sabotage{
		{"one doubled", func(t testing.TB, w *world) map[string]string {
			w.activity = append(w.activity, w.activity[77])
			m := w.window(t, &w.activity[77])
			m.Events++
			return map[string]string{once: "1 doubled: " + w.activity[77].ID, metrics: fmt.Sprintf("events got %d, want %d", m.Events, m.Events-1)}
		}},
		{"one lost", func(t testing.TB, w *world) map[string]string {
			a := lost(w, 77)
			m := w.window(t, a)
			m.Events--
			return map[string]string{once: "1 lost: " + a.ID, metrics: a.Zone + " " + m.WindowStart.String() + ": events got"}
		}},
		{"late one counted", func(t testing.TB, w *world) map[string]string {
			p := planned(t, w, event.ExpectLabel, event.ExpectLate)
			r, _ := p.Event.(event.Telemetry)
			w.activity = append(w.activity, event.Activity{ID: r.ID})
			w.late = slices.Delete(w.late, 0, 1)
			return map[string]string{once: "1 late ones counted: " + r.ID, lateTopic: "1 lost: " + r.ID}
		}},
		{"one taken for late", func(t testing.TB, w *world) map[string]string {
			a := lost(w, 77)
			w.late = append(w.late, a.ID)
			return map[string]string{once: "1 lost: " + a.ID, lateTopic: "1 were not late: " + a.ID}
		}},
		{"a repetition came late", func(_ testing.TB, w *world) map[string]string {
			w.late = append(w.late, w.activity[77].ID, w.late[0])
			return nil
		}},
		{"refused one counted", func(t testing.TB, w *world) map[string]string {
			id := planned(t, w, event.ExpectLabel, event.ExpectRefuse).ID.String()
			w.activity = append(w.activity, event.Activity{ID: id})
			return map[string]string{once: "1 refused ones counted: " + id}
		}},
		{"nobody's reading", func(_ testing.TB, w *world) map[string]string {
			w.activity = append(w.activity, event.Activity{ID: "d999999-000000"}, event.Activity{ID: "d000001-999999"}, event.Activity{ID: "x"})
			w.late = append(w.late, "d999999-000000")
			return map[string]string{once: "3 never planned: d999999-000000; d000001-999999; x", lateTopic: "1 never planned"}
		}},
		{"rubbish accepted", func(t testing.TB, w *world) map[string]string {
			p := planned(t, w, event.ExpectLabel, event.ExpectRefuse)
			w.ledger.Acknowledged(p.ID)
			return map[string]string{refuses: "1 not refused: " + p.ID.String() + ": accepted with " + p.Labels[event.MistakeLabel]}
		}},
	})
}

// answer replaces the whole ledger: reading id was answered in another way.
func answer(w *world, other ledger.ID, how func(l *ledger.Ledger)) {
	w.ledger = ledger.New()
	for _, p := range w.plan {
		w.ledger.Sent(p.ID)
		switch {
		case p.ID == other:
			how(w.ledger)
		case p.Labels[event.ExpectLabel] == event.ExpectRefuse:
			w.ledger.Refused(p.ID, `field "`+p.Labels[event.FieldLabel]+`"`)
		default:
			w.ledger.Acknowledged(p.ID)
		}
	}
}

func TestSabotageOfAnswers(t *testing.T) {
	t.Parallel()
	run(t, []sabotage{
		{"rubbish named wrongly", func(t testing.TB, w *world) map[string]string {
			p := planned(t, w, event.ExpectLabel, event.ExpectRefuse)
			answer(w, p.ID, func(l *ledger.Ledger) { l.Refused(p.ID, `field "hired"`) })
			return map[string]string{refuses: `got field "hired", want field "` + p.Labels[event.FieldLabel] + `"`}
		}},
		{"rubbish unanswered", func(t testing.TB, w *world) map[string]string {
			p := planned(t, w, event.ExpectLabel, event.ExpectRefuse)
			answer(w, p.ID, func(*ledger.Ledger) {})
			return map[string]string{refuses: "1 not refused: " + p.ID.String() + ": sent, neither accepted nor refused"}
		}},
		{"a late one never accepted", func(t testing.TB, w *world) map[string]string {
			p := planned(t, w, event.ExpectLabel, event.ExpectLate)
			w.late = slices.DeleteFunc(w.late, func(id string) bool { return id == p.ID.String() })
			answer(w, p.ID, func(l *ledger.Ledger) { l.Arrived(event.AbandonedPoint, p.ID) })
			return map[string]string{accepts: p.ID.String() + ": sent, given up after the longest wait"}
		}},
		{"a late one refused", func(t testing.TB, w *world) map[string]string {
			p := planned(t, w, event.ExpectLabel, event.ExpectLate)
			w.late = slices.DeleteFunc(w.late, func(id string) bool { return id == p.ID.String() })
			answer(w, p.ID, func(l *ledger.Ledger) { l.Refused(p.ID, `field "event_time"`) })
			return map[string]string{accepts: p.ID.String() + `: field "event_time"`}
		}},
	})
}

func run(t *testing.T, all []sabotage) {
	t.Helper()
	for _, s := range all {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			w := small(t)
			fails := s.do(t, w)
			expect(t, w.grade(t), fails)
		})
	}
}
