package oracle

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// busyMin is how many windows in a row without a free cab raise an alert.
const busyMin = 3

const minuteMs = 60_000

// alertKey tells alerts apart.
type alertKey struct {
	kind, entity string
	start        event.Millis
}

// alert is one that is due. How far a zone's has come depends on how many of the
// windows are over that only closing readings are in; and one that these alone
// complete nobody has to raise.
type alert struct {
	least, most int64 // its revision
	wanted      bool
	last        event.Millis // of an incident
	over        bool
	observed    bool
}

// alert raises what is due once windows and incidents are known.
func (t *truth) alert() {
	for _, c := range t.cabs {
		if c == nil {
			continue
		}
		for _, i := range c.incidents {
			if kinds()[i.kind] != event.Engine {
				continue
			}
			due := &alert{least: 1, most: 1, wanted: true, last: i.openedAt}
			if i.closed >= 0 {
				due.least, due.most, due.last, due.over = 2, 2, i.closedAt, true
			}
			t.alerts[alertKey{event.EngineOverLimit, c.name, i.openedAt}] = due
		}
	}
	order := slices.SortedFunc(maps.Keys(t.windows), func(a, b windowKey) int {
		return cmp.Or(cmp.Compare(a.zone, b.zone), cmp.Compare(a.minute, b.minute))
	})
	for _, key := range order {
		w := t.windows[key]
		if w.hired < w.events {
			continue
		}
		w.noFree = 1
		if before := t.windows[windowKey{key.zone, key.minute - 1}]; before != nil {
			w.noFree += before.noFree // 0 if it had a free cab
		}
		if w.noFree >= busyMin {
			t.busy(key, w)
		}
	}
}

// busy notes that a zone's alert comes as far as a window.
func (t *truth) busy(key windowKey, w *window) {
	start := event.Millis((key.minute - w.noFree + 1) * minuteMs)
	id := alertKey{event.NoFreeCab, zoneName(key.zone), start}
	due := t.alerts[id]
	if due == nil {
		due = &alert{least: busyMin}
		t.alerts[id] = due
	}
	due.most = w.noFree
	if w.wanted {
		due.least, due.wanted = w.noFree, true
	}
}

func (t *truth) alertsOutcome(ctx context.Context, seen Observed) scenario.Outcome {
	var f documentFindings
	for doc, err := range seen.Alerts(ctx) {
		if err != nil {
			f.err.add("%v", err)
			break
		}
		name := fmt.Sprintf("%s of %.40s since %s", doc.Kind, doc.Entity, doc.Start)
		due := t.alerts[alertKey{doc.Kind, doc.Entity, doc.Start}]
		if due == nil {
			f.unknown.add("%s", name)
			continue
		}
		last := due.last
		if doc.Kind == event.NoFreeCab {
			last = doc.Start + event.Millis((doc.Revision-1)*minuteMs)
		}
		var d differences
		differ(&d, "id", doc.ID, doc.Kind+"|"+doc.Entity+"|"+doc.Start.String())
		differ(&d, "revision", doc.Revision, min(max(doc.Revision, due.least), due.most))
		differ(&d, "last", doc.Last.String(), last.String())
		differ(&d, "over", doc.Over, due.over)
		if !due.wanted && !due.observed && d.Len() == 0 {
			due.observed = true
			continue
		}
		f.judge(name, &due.observed, &d)
	}
	want := 0
	for _, key := range slices.SortedFunc(maps.Keys(t.alerts), func(a, b alertKey) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.entity, b.entity))
	}) {
		if due := t.alerts[key]; due.wanted {
			want++
			if !due.observed {
				f.missing.add("%s of %s since %s", key.kind, key.entity, key.start)
			}
		}
	}
	return f.promise("alerts are those that were due", want)
}
