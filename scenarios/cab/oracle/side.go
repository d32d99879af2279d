package oracle

import (
	"context"
	"fmt"

	"github.com/weirstream/weir/platform/ledger"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// lateOutcome grades the side topic: every late reading is in it, redelivered
// or not, and none that was in time. A repetition of a reading that is in
// cab-activity may come late, and is nobody's loss.
func (t *truth) lateOutcome(ctx context.Context, seen Observed) scenario.Outcome {
	var misjudged, unplanned, lost, unreadable findings
	found := 0
	for id, err := range seen.Late(ctx) {
		if err != nil {
			unreadable.add("%v", err)
			break
		}
		c, seq := t.find(id)
		if c == nil {
			unplanned.add("%.40s", id)
			continue
		}
		r := &c.readings[seq]
		switch {
		case r.fate() == late && r.seen&seenLate == 0:
			r.seen |= seenLate
			found++
		case r.fate() == inTime && r.seen&seenActive == 0 || r.fate() == refused:
			misjudged.add("%s", id)
		}
	}
	for _, c := range t.cabs {
		if c == nil {
			continue
		}
		for seq := range c.readings {
			if r := &c.readings[seq]; r.fate() == late && r.seen&seenLate == 0 {
				lost.add("%s", idOf(c, seq))
			}
		}
	}
	return promise("late readings are in the late topic, and no other",
		fmt.Sprintf("%d late", found), fmt.Sprintf("%d late", t.late),
		problem{"lost", &lost}, problem{"were not late", &misjudged}, problem{"never planned", &unplanned},
		problem{"error", &unreadable})
}

// deadLetters grades the dead-letter topics: what was planted, each with a
// reason, and nothing else. That a dead letter is there twice is not wrong: it
// is put there at least once.
func deadLetters(ctx context.Context, seen Observed) scenario.Outcome {
	var unexpected, missing, silent, unreadable findings
	planted := map[string]bool{} // and whether it was found
	var order []string
	for name, err := range seen.Poison(ctx) {
		if err != nil {
			unreadable.add("%v", err)
			break
		}
		if _, twice := planted[name]; !twice {
			planted[name] = false
			order = append(order, name)
		}
	}
	found := 0
	for letter, err := range seen.DeadLetters(ctx) {
		if err != nil {
			unreadable.add("%v", err)
			break
		}
		before, wanted := planted[letter.Name]
		if !wanted {
			unexpected.add("%.60s: %.200s", letter.Name, letter.Reason)
			continue
		}
		if planted[letter.Name] = true; !before {
			found++
		}
		if letter.Reason == "" {
			silent.add("%.60s", letter.Name)
		}
	}
	for _, name := range order {
		if !planted[name] {
			missing.add("%.60s", name)
		}
	}
	return promise("dead letters are what was planted",
		fmt.Sprintf("%d dead letters", found), fmt.Sprintf("%d dead letters", len(planted)),
		problem{"not planted", &unexpected}, problem{"missing", &missing}, problem{"without a reason", &silent},
		problem{"error", &unreadable})
}

// eachInTime visits every reading that counts.
func (t *truth) eachInTime(visit func(c *cab, seq int)) {
	for _, c := range t.cabs {
		if c == nil {
			continue
		}
		for seq := range c.readings {
			if c.readings[seq].fate() == inTime {
				visit(c, seq)
			}
		}
	}
}

func idOf(c *cab, seq int) string {
	return ledger.ID{Device: c.device, Seq: uint32(seq)}.String()
}

// zoneIndex reads "zone-ROW-COLUMN".
func zoneIndex(name string) (uint8, bool) {
	const shape = "zone-0-0"
	if len(name) != len(shape) || name[:5] != shape[:5] || name[6] != '-' {
		return 0, false
	}
	row, column := name[5]-'0', name[7]-'0'
	return row*event.ZoneColumns + column, row < event.ZoneRows && column < event.ZoneColumns
}
