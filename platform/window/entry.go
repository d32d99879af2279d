package window

import (
	"cmp"
	"slices"
)

// entry is what an engine keeps of one key.
type entry[K comparable, A any] struct {
	key   K
	bytes string    // the key as Keys writes it
	cells []cell[A] // by start
	given []given   // by end; only with AllowedLateness, and not of sessions
	next  int64     // when there is something to do, in event time
	place int       // in the schedule
	dirty bool      // in the change log
}

// cell is one accumulator: of a pane, a window or a session.
type cell[A any] struct {
	start int64
	// Sessions have an end of their own and count their results here.
	end     int64
	results uint32
	mark    mark
	acc     A
}

// given counts the results of a window that is over but may be revised.
type given struct {
	end     int64
	results uint32
	mark    mark
}

// find is where the cell of a start is or belongs. Most events belong to the
// latest cells, so it looks from there.
func (k *entry[K, A]) find(start int64) (i int, found bool) {
	for i = len(k.cells); i > 0; i-- {
		if at := k.cells[i-1].start; at == start {
			return i - 1, true
		} else if at < start {
			break
		}
	}
	return i, false
}

func (k *entry[K, A]) insert(i int, c cell[A]) { k.cells = slices.Insert(k.cells, i, c) }

// countResult counts a result of the window that ends at end and returns its number,
// from 0.
func (k *entry[K, A]) countResult(end int64) (revision uint32, counted *mark) {
	i, found := slices.BinarySearchFunc(k.given, end, func(g given, end int64) int { return cmp.Compare(g.end, end) })
	if !found {
		k.given = slices.Insert(k.given, i, given{end: end})
	}
	k.given[i].results++
	return k.given[i].results - 1, &k.given[i].mark
}
