package window

import "slices"

// addToSession counts an event in the session it lies in, which it may extend
// or join with another, or in a new one.
func (e *Engine[K, E, A]) addToSession(key K, at int64, event E) Outcome {
	end := at + e.grid.gap
	k := e.entries[key]
	var i, j int // the sessions that the event touches are cells[i:j]
	if k != nil {
		i, j = k.touched(at, end)
	}
	if i == j {
		if end+e.late <= e.watermark {
			return Late
		}
		k = e.entry(key)
		k.insert(i, cell[A]{start: at, end: end})
	} else {
		e.join(k, i, j, at, end)
	}
	c := &k.cells[i]
	e.cfg.Add(&c.acc, event)
	e.log.touch(k, &c.mark)
	if c.end > e.watermark {
		e.due.sooner(k, c.end)
	} else {
		e.giveSession(k, c)
		e.due.sooner(k, c.end+e.late)
	}
	return Counted
}

// touched is the range of sessions less than a gap from an event.
func (k *entry[K, A]) touched(at, end int64) (i, j int) {
	j = len(k.cells)
	for j > 0 && k.cells[j-1].start >= end {
		j--
	}
	i = j
	for i > 0 && k.cells[i-1].end > at {
		i--
	}
	return i, j
}

// join makes one session of cells[i:j] and the span of an event.
func (e *Engine[K, E, A]) join(k *entry[K, A], i, j int, at, end int64) {
	c := &k.cells[i]
	if at < c.start { // it is another one from now on: its start names it
		e.retire(k, c)
		c.start, c.results, c.mark = at, 0, mark{}
	}
	c.end = max(end, k.cells[j-1].end)
	for m := i + 1; m < j; m++ {
		e.retire(k, &k.cells[m])
		e.cfg.Merge(&c.acc, &k.cells[m].acc)
	}
	k.cells = slices.Delete(k.cells, i+1, j)
}

// retire takes back what a session that is no more has given out and forgets
// its saved state.
func (e *Engine[K, E, A]) retire(k *entry[K, A], c *cell[A]) {
	if c.results > 0 {
		e.cfg.Emit(Result[K, A]{Key: k.key, Window: Window{c.start, c.end}, Revision: c.results, Retracted: true})
	}
	e.log.forget(c.mark, func() []byte { return e.appendKey(nil, kindCell, c.start, k.bytes) })
}

// giveSession emits the result of a session.
func (e *Engine[K, E, A]) giveSession(k *entry[K, A], c *cell[A]) {
	result := Result[K, A]{Key: k.key, Window: Window{c.start, c.end}, Revision: c.results, Value: &c.acc}
	c.results++
	e.log.touch(k, &c.mark)
	e.cfg.Emit(result)
}
