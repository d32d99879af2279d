package kafka

import (
	"cmp"
	"slices"
	"time"
)

// endings remember when a log had which end.
type endings struct{ seen []ending }

type ending struct {
	at  time.Time
	end int64
}

const endingsMax = 600

// add notes the end that a look saw. How long a log stood still is told by the
// last two of its endings being the same.
func (e *endings) add(at time.Time, end int64) {
	n := len(e.seen)
	switch {
	case n > 0 && (!at.After(e.seen[n-1].at) || end < e.seen[n-1].end):
		return // another group's look at the same moment, or a leader that lags behind
	case n > 1 && e.seen[n-1].end == end && e.seen[n-2].end == end:
		e.seen[n-1].at = at
		return
	case n == endingsMax:
		e.seen = slices.Delete(e.seen, 0, endingsMax/2)
	}
	e.seen = append(e.seen, ending{at, end})
}

// reached is about when the record at offset was written: between two looks, as
// if the log had grown evenly. known is false for what was there before.
func (e *endings) reached(offset int64) (at time.Time, known bool) {
	i, _ := slices.BinarySearchFunc(e.seen, offset, func(s ending, offset int64) int { return cmp.Compare(s.end, offset+1) })
	switch {
	case i == len(e.seen):
		return e.seen[i-1].at, true
	case i == 0:
		return e.seen[0].at, false
	}
	before, after := e.seen[i-1], e.seen[i]
	share := float64(offset+1-before.end) / float64(after.end-before.end)
	return before.at.Add(time.Duration(share * float64(after.at.Sub(before.at)))), true
}
