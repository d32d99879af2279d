package oracle

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// documentFindings is what is wrong in one kind of document.
type documentFindings struct {
	right                               int
	wrong, missing, twice, unknown, err findings
}

func (f *documentFindings) promise(name string, want int) scenario.Outcome {
	return promise(name, fmt.Sprintf("%d right", f.right), fmt.Sprintf("%d right, no other", want),
		problem{"wrong", &f.wrong}, problem{"missing", &f.missing}, problem{"there twice", &f.twice},
		problem{"that should not be", &f.unknown}, problem{"error", &f.err})
}

// judge files one document that is wanted.
func (f *documentFindings) judge(name string, observed *bool, d *differences) {
	switch {
	case *observed:
		f.twice.add("%s", name)
	case d.Len() > 0:
		f.wrong.add("%s: %s", name, d)
	default:
		f.right++
	}
	*observed = true
}

// windowsOutcome grades what tells of windows: records of cab-metrics, or documents.
func (t *truth) windowsOutcome(name string, all iter.Seq2[event.Metrics, error]) scenario.Outcome {
	var f documentFindings
	for _, w := range t.windows {
		w.observed = false
	}
	for m, err := range all {
		if err != nil {
			f.err.add("%v", err)
			break
		}
		which := m.Zone + " " + m.WindowStart.String()
		zone, ok := zoneIndex(m.Zone)
		w := t.windows[windowKey{zone, int64(m.WindowStart.Minute()) / minuteMs}]
		if !ok || w == nil || m.WindowStart != m.WindowStart.Minute() {
			f.unknown.add("%s with %d events", which, m.Events)
			continue
		}
		var d differences
		differ(&d, "events", m.Events, w.events)
		differ(&d, "hired", m.Hired, w.hired)
		differ(&d, "free", m.Free, w.events-w.hired)
		differ(&d, "pick_ups", m.PickUps, w.pickUps)
		differ(&d, "drop_offs", m.DropOffs, w.dropOffs)
		differ(&d, "missing", m.Missing, w.missing)
		differ(&d, "old_schema", m.OldSchema, w.oldSchema)
		differ(&d, "active_cabs", m.ActiveCabs, w.cabs)
		differ(&d, "speed_count", m.SpeedCount, w.events)
		differ(&d, "no_free_windows", m.NoFreeWindows, w.noFree)
		const perEvent = 1e-6 // what adding up in another order may differ by
		if !(math.Abs(m.SpeedSumKmh-w.speed) <= perEvent*float64(w.events)) {
			differ(&d, "speed_sum_kmh", m.SpeedSumKmh, w.speed)
		}
		if !w.wanted && !w.observed && d.Len() == 0 {
			w.observed = true // right, though nobody waits for it
			continue
		}
		f.judge(which, &w.observed, &d)
	}
	for _, key := range t.missingWindows() {
		f.missing.add("%s %s with %d events", zoneName(key.zone), event.Millis(key.minute*minuteMs), t.windows[key].events)
	}
	wanted := 0
	for _, w := range t.windows {
		if w.wanted {
			wanted++
		}
	}
	return f.promise(name, wanted)
}

// missingWindows are sorted, so that the first ones named are the first ones.
func (t *truth) missingWindows() []windowKey {
	var missing []windowKey
	for key, w := range t.windows {
		if w.wanted && !w.observed {
			missing = append(missing, key)
		}
	}
	slices.SortFunc(missing, func(a, b windowKey) int {
		return cmp.Or(cmp.Compare(a.minute, b.minute), cmp.Compare(a.zone, b.zone))
	})
	return missing
}

func (t *truth) incidentsOutcome(ctx context.Context, seen Observed) scenario.Outcome {
	var f documentFindings
	for doc, err := range seen.Incidents(ctx) {
		if err != nil {
			f.err.add("%v", err)
			break
		}
		i := t.incident(doc)
		if i == nil {
			f.unknown.add("%.80s", doc.ID)
			continue
		}
		var d differences
		differ(&d, "id", doc.ID, incidentName(doc.Cab, doc.Kind, i.opened))
		differ(&d, "opened_at", doc.OpenedAt.String(), i.openedAt.String())
		differ(&d, "closed", doc.Closed, i.closed >= 0)
		if doc.Closed && i.closed >= 0 {
			differ(&d, "closed_seq", doc.ClosedSeq, int64(i.closed))
			differ(&d, "closed_at", doc.ClosedAt.String(), i.closedAt.String())
		}
		f.judge(doc.ID, &i.observed, &d)
	}
	for _, c := range t.cabs {
		if c == nil {
			continue
		}
		for _, i := range c.incidents {
			if !i.observed {
				f.missing.add("%s", incidentName(c.name, kinds()[i.kind], i.opened))
			}
		}
	}
	return f.promise("incidents open and close as planted", t.incidents)
}

// incidentName is what an incident must be known by.
func incidentName(cab, kind string, opened int) string {
	return cab + "|" + kind + "|" + strconv.Itoa(opened)
}

// incident is the planted one of a document, or nil.
func (t *truth) incident(doc event.Incident) *incident {
	c := t.named(doc.Cab)
	if c == nil {
		return nil
	}
	for n := range c.incidents {
		i := &c.incidents[n]
		if int64(i.opened) == doc.OpenedSeq && kinds()[i.kind] == doc.Kind {
			return i
		}
	}
	return nil
}

// named is the cab of a name, or nil.
func (t *truth) named(name string) *cab {
	digits, ok := strings.CutPrefix(name, "cab-")
	device, err := strconv.Atoi(digits)
	if !ok || err != nil || device < 0 || device >= len(t.cabs) || t.cabs[device] == nil || t.cabs[device].name != name {
		return nil
	}
	return t.cabs[device]
}

func (t *truth) cabsOutcome(ctx context.Context, seen Observed) scenario.Outcome {
	var f documentFindings
	for doc, err := range seen.Cabs(ctx) {
		if err != nil {
			f.err.add("%v", err)
			break
		}
		c := t.named(doc.Cab)
		if c == nil || c.last < 0 {
			f.unknown.add("%.40s", doc.Cab)
			continue
		}
		r := &c.readings[c.last]
		if doc.Seq < int64(c.last) && day(doc.EventTime) < day(t.timeOf(r)) {
			continue // its last state of an earlier day, in that day's index
		}
		var d differences
		differ(&d, "seq", doc.Seq, int64(c.last))
		differ(&d, "event_time", doc.EventTime.String(), t.timeOf(r).String())
		differ(&d, "zone", doc.Zone, zoneName(r.zone))
		differ(&d, "lat", doc.Lat, c.lat)
		differ(&d, "lon", doc.Lon, c.lon)
		differ(&d, "speed_kmh", float32(doc.SpeedKmh), r.speed)
		differ(&d, "hired", doc.Hired, r.hired())
		differ(&d, "schema", doc.Schema, c.schema)
		differ(&d, "open", strings.Join(doc.Open, "+"), strings.Join(r.openKinds(), "+"))
		f.judge(doc.Cab, &c.observed, &d)
	}
	want := 0
	for _, c := range t.cabs {
		if c == nil || c.last < 0 {
			continue
		}
		if want++; !c.observed {
			f.missing.add("%s", c.name)
		}
	}
	return f.promise("every cab's last state is right", want)
}

func day(at event.Millis) int64 { return int64(at) / (24 * 60 * minuteMs) }
