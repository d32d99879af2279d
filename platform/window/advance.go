package window

import (
	"maps"
	"math"
	"slices"
)

// Advance tells that every event before watermark has been added, and emits the
// results of all windows that end at or before it: by window end, then by the
// bytes of the key. A watermark that is not higher than the last changes
// nothing, so calling it after each event costs next to nothing.
func (e *Engine[K, E, A]) Advance(watermark int64) {
	if watermark <= e.watermark {
		return
	}
	most := len(e.entries)
	for k := e.due.first(); k != nil && k.next <= watermark; k = e.due.first() {
		e.work(k, k.next)
	}
	e.watermark = watermark
	e.shrink(most)
}

// shrinkMin is how many keys are worth giving memory back for.
const shrinkMin = 1024

// shrink gives back the memory of keys that are gone, once they are three
// quarters of the most there were: maps and heaps do not by themselves.
func (e *Engine[K, E, A]) shrink(most int) {
	e.most = max(e.most, most)
	if e.most < shrinkMin || len(e.entries) > e.most/4 {
		return
	}
	kept := make(map[K]*entry[K, A], len(e.entries))
	maps.Copy(kept, e.entries)
	e.entries, e.most = kept, len(kept)
	e.due.heap = slices.Clone(e.due.heap)
}

// work does what is due for a key at an instant: windows that end give their
// results, and what no window needs any more is dropped.
func (e *Engine[K, E, A]) work(k *entry[K, A], now int64) {
	switch {
	case e.grid.gap != 0:
		for i := range k.cells {
			if k.cells[i].end == now {
				e.giveSession(k, &k.cells[i])
			}
		}
	case e.grid.isEnd(now):
		e.give(k, now)
	}
	e.drop(k, now)
	if next := e.next(k, now); next < math.MaxInt64 {
		e.due.set(k, next)
		return
	}
	e.due.pop()
	delete(e.entries, k.key)
}

// give emits the result of the window of a key that ends at end, if it has events.
func (e *Engine[K, E, A]) give(k *entry[K, A], end int64) {
	value := e.combine(k, end)
	if value == nil {
		return
	}
	result := Result[K, A]{Key: k.key, Window: Window{end - e.grid.size, end}, Value: value}
	if e.late > 0 {
		revision, counted := k.countResult(end)
		result.Revision = revision
		e.log.touch(k, counted)
	}
	e.cfg.Emit(result)
}

// combine is the accumulator of the window that ends at end, nil if it has no
// events. Panes are merged from the earliest on.
func (e *Engine[K, E, A]) combine(k *entry[K, A], end int64) *A {
	lo, hi := e.grid.cells(end)
	first := 0
	for first < len(k.cells) && k.cells[first].start < lo {
		first++
	}
	last := first
	for last < len(k.cells) && k.cells[last].start < hi {
		last++
	}
	switch last - first {
	case 0:
		return nil
	case 1:
		return &k.cells[first].acc
	}
	var zero A
	e.scratch = zero
	for i := first; i < last; i++ {
		e.cfg.Merge(&e.scratch, &k.cells[i].acc)
	}
	return &e.scratch
}

// end is when the last window over a cell ends.
func (e *Engine[K, E, A]) end(c *cell[A]) int64 {
	if e.grid.gap != 0 {
		return c.end
	}
	return e.grid.lastEnd(c.start)
}

// drop forgets what no window needs after an instant. Cells end in the order in
// which they start.
func (e *Engine[K, E, A]) drop(k *entry[K, A], now int64) {
	n := 0
	for n < len(k.cells) && e.end(&k.cells[n])+e.late <= now {
		e.log.forget(k.cells[n].mark, func() []byte { return e.appendKey(nil, kindCell, k.cells[n].start, k.bytes) })
		n++
	}
	k.cells = slices.Delete(k.cells, 0, n)
	n = 0
	for n < len(k.given) && k.given[n].end+e.late <= now {
		e.log.forget(k.given[n].mark, func() []byte { return e.appendKey(nil, kindGiven, k.given[n].end, k.bytes) })
		n++
	}
	k.given = slices.Delete(k.given, 0, n)
}

// next is when there is something to do for a key after an instant, MaxInt64 if
// never: a window ends or something is to be dropped.
func (e *Engine[K, E, A]) next(k *entry[K, A], now int64) int64 {
	next := int64(math.MaxInt64)
	if len(k.cells) > 0 {
		next = e.end(&k.cells[0]) + e.late
	}
	for i := range k.cells {
		if end, ok := e.nextEnd(&k.cells[i], now); ok {
			return min(next, end)
		}
	}
	return next
}

// nextEnd is when the first window over a cell ends after an instant; ok is
// false if there is none.
func (e *Engine[K, E, A]) nextEnd(c *cell[A], now int64) (end int64, ok bool) {
	if e.grid.gap != 0 {
		return c.end, c.end > now
	}
	return e.grid.nextEnd(c.start, now)
}
