package oracle

import (
	"github.com/weirstream/weir/scenarios/cab/event"
)

// streakMin is how many readings in a row open or close an incident.
const streakMin = 3

// incident is a planted breakdown.
type incident struct {
	kind               uint8
	opened, closed     int // sequences; closed is -1 while it is open
	openedAt, closedAt event.Millis
	observed           bool
}

// windowKey is a zone and a minute since the Unix epoch.
type windowKey struct {
	zone   uint8
	minute int64
}

// window is what happened in one zone in one minute.
type window struct {
	events, hired, pickUps, dropOffs, cabs int64
	missing, oldSchema                     int64
	speed                                  float64
	noFree                                 int64 // windows in a row, up to this one, without a free cab
	wanted                                 bool  // it may not be missing
	observed                               bool
}

// conclude walks each cab's readings that were in time, in the order of their
// sequences.
func (t *truth) conclude() {
	for _, c := range t.cabs {
		if c != nil {
			w := walk{truth: t, cab: c}
			for seq := range c.readings {
				if c.readings[seq].fate() == inTime {
					w.step(seq)
				}
			}
			t.incidents += len(c.incidents)
		}
	}
	t.alert()
}

// walk is the way through one cab's readings.
type walk struct {
	*truth
	cab    *cab
	before *reading
	open   [4]int // index of the open incident in cab.incidents, plus one
	bad    [4]int // readings in a row that violate
	good   [4]int // or do not

	minute int64
	zones  uint64 // where the cab was in that minute, a bit each
}

func (w *walk) step(seq int) {
	r := &w.cab.readings[seq]
	at := w.timeOf(r)
	if w.before != nil && r.hired() != w.before.hired() {
		if r.hired() {
			r.means |= pickUpBit
		} else {
			r.means |= dropOffBit
		}
	}
	for k := range w.open {
		w.health(k, seq, r, at)
		if w.open[k] > 0 {
			r.means |= 1 << (openBit + k)
		}
	}
	in := w.count(r, at)
	in.missing += int64(gapBefore(w.cab, seq))
	w.before = r
}

func (w *walk) health(k, seq int, r *reading, at event.Millis) {
	if r.violates(k) {
		w.bad[k], w.good[k] = w.bad[k]+1, 0
	} else {
		w.bad[k], w.good[k] = 0, w.good[k]+1
	}
	switch {
	case w.open[k] == 0 && w.bad[k] >= streakMin:
		w.cab.incidents = append(w.cab.incidents, incident{kind: uint8(k), opened: seq, closed: -1, openedAt: at})
		w.open[k] = len(w.cab.incidents)
	case w.open[k] > 0 && w.good[k] >= streakMin:
		i := &w.cab.incidents[w.open[k]-1]
		i.closed, i.closedAt = seq, at
		w.open[k] = 0
	}
}

// count adds a reading to its window. A cab's time does not go back with its
// sequence, so that the zones of one minute are all it must remember.
func (w *walk) count(r *reading, at event.Millis) *window {
	key := windowKey{r.zone, int64(at.Minute()) / minuteMs}
	in := w.windows[key]
	if in == nil {
		in = &window{}
		w.windows[key] = in
	}
	in.events++
	in.speed += float64(r.speed)
	if r.means&closingBit == 0 {
		in.wanted = true
	}
	if r.hired() {
		in.hired++
	}
	if r.means&pickUpBit != 0 {
		in.pickUps++
	}
	if r.means&dropOffBit != 0 {
		in.dropOffs++
	}
	if w.cab.schema != event.Schema {
		in.oldSchema++
	}
	if key.minute != w.minute {
		w.minute, w.zones = key.minute, 0
	}
	if w.zones>>r.zone&1 == 0 {
		w.zones |= 1 << r.zone
		in.cabs++
	}
	return in
}
