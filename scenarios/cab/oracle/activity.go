package oracle

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// Where a reading was seen.
const (
	seenActive = 1
	seenLate   = 2
)

// activityFindings is what is wrong in cab-activity.
type activityFindings struct {
	records, right                           int
	missing, doubled, late, refused, unknown findings
	wrong                                    findings
	unreadable                               findings
}

// activity grades cab-activity: each accepted reading once, and what it says.
func (t *truth) activity(ctx context.Context, seen Observed) []scenario.Outcome {
	var f activityFindings
	for a, err := range seen.Activity(ctx) {
		if err != nil {
			f.unreadable.add("%v", err)
			break
		}
		f.records++
		t.one(&f, &a)
	}
	t.eachInTime(func(c *cab, seq int) {
		if c.readings[seq].seen&seenActive == 0 {
			f.missing.add("%s", idOf(c, seq))
		}
	})
	want := fmt.Sprintf("%d readings once each", t.inTime)
	return []scenario.Outcome{
		promise("cab-activity holds every accepted reading exactly once",
			fmt.Sprintf("%d records, %d readings", f.records, t.inTime-f.missing.count), want,
			problem{"lost", &f.missing}, problem{"doubled", &f.doubled}, problem{"late ones counted", &f.late},
			problem{"refused ones counted", &f.refused}, problem{"never planned", &f.unknown},
			problem{"error", &f.unreadable}),
		promise("cab-activity says what happened",
			fmt.Sprintf("%d right", f.right), fmt.Sprintf("%d right", t.inTime-f.missing.count),
			problem{"wrong", &f.wrong}, problem{"error", &f.unreadable}),
	}
}

func (t *truth) one(f *activityFindings, a *event.Activity) {
	c, seq := t.find(a.ID)
	if c == nil {
		f.unknown.add("%.40s", a.ID)
		return
	}
	r := &c.readings[seq]
	switch r.fate() {
	case late:
		f.late.add("%s", a.ID)
		return
	case refused:
		f.refused.add("%s", a.ID)
		return
	case unknown:
		return // never answered: that it may be here is said elsewhere
	}
	if r.seen&seenActive != 0 {
		f.doubled.add("%s", a.ID)
		return
	}
	r.seen |= seenActive
	if wrong := t.differences(c, seq, a); wrong != "" {
		f.wrong.add("%s: %s", a.ID, wrong)
	} else {
		f.right++
	}
}

// differences says what a record of activity has wrong, or "".
func (t *truth) differences(c *cab, seq int, a *event.Activity) string {
	r := &c.readings[seq]
	var d differences
	differ(&d, "cab", a.Cab, c.name)
	differ(&d, "seq", a.Seq, int64(seq))
	if at := t.timeOf(r); a.EventTime != at {
		differ(&d, "event_time", a.EventTime.String(), at.String())
	}
	if index, ok := zoneIndex(a.Zone); !ok || index != r.zone {
		differ(&d, "zone", a.Zone, zoneName(r.zone))
	}
	if zoneOf(a.Lat, a.Lon) != r.zone {
		differ(&d, "position in", zoneName(zoneOf(a.Lat, a.Lon)), zoneName(r.zone))
	}
	differ(&d, "speed_kmh", float32(a.SpeedKmh), r.speed)
	differ(&d, "hired", a.Hired, r.hired())
	differ(&d, "pick_up", a.PickUp, r.means&pickUpBit != 0)
	differ(&d, "drop_off", a.DropOff, r.means&dropOffBit != 0)
	differ(&d, "gap", a.Gap, int64(gapBefore(c, seq)))
	if open := r.openKinds(); !slices.Equal(a.Open, open) {
		differ(&d, "open", strings.Join(a.Open, "+"), strings.Join(open, "+"))
	}
	differ(&d, "health", changes(a.Health), changes(c.changesAt(seq)))
	return d.String()
}

// gapBefore counts the sequences without an accepted reading right before one.
func gapBefore(c *cab, seq int) (gap int) {
	for before := seq - 1; before >= 0 && c.readings[before].fate() != inTime; before-- {
		gap++
	}
	return gap
}

func (r *reading) openKinds() []string {
	if r.means&^closingBit>>openBit == 0 {
		return nil
	}
	var open []string
	for k, name := range kinds() {
		if r.open(k) {
			open = append(open, name)
		}
	}
	return open
}

// changesAt are the incidents that a reading opened or closed, by kind.
func (c *cab) changesAt(seq int) []event.HealthChange {
	var all []event.HealthChange
	for _, i := range c.incidents {
		change := event.HealthChange{Kind: kinds()[i.kind], OpenedSeq: int64(i.opened), OpenedAt: i.openedAt}
		switch seq {
		case i.opened:
			change.Change = event.Opened
		case i.closed:
			change.Change = event.Closed
		default:
			continue
		}
		all = append(all, change)
	}
	slices.SortFunc(all, func(a, b event.HealthChange) int { return strings.Compare(a.Kind, b.Kind) })
	return all
}

func changes(all []event.HealthChange) string {
	if len(all) == 0 {
		return "nothing"
	}
	text := make([]string, len(all))
	for i, c := range all {
		text[i] = fmt.Sprintf("%s %s since %d at %s", c.Kind, c.Change, c.OpenedSeq, c.OpenedAt)
	}
	return strings.Join(text, ", ")
}

// differences collects what is not as it should be.
type differences struct{ strings.Builder }

// differ notes a field that is not as it should be.
func differ[V comparable](d *differences, field string, got, want V) {
	if got == want {
		return
	}
	if d.Len() > 0 {
		d.WriteString(", ")
	}
	fmt.Fprintf(d, "%s got %v, want %v", field, got, want)
}
