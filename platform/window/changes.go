package window

import "errors"

// Change is one record of saved state, for a topic compacted by key. A nil
// Value is a tombstone.
type Change struct{ Key, Value []byte }

// ErrNoState says that an engine was asked for state and has no codec for it.
var ErrNoState = errors.New("the window config has no State codec")

// mark says what of a value the change log has and lacks.
type mark struct {
	dirty bool // changed since the last Changes
	saved bool // an earlier Changes had it
}

// changeLog knows what has changed since the last Changes.
type changeLog[K comparable, A any] struct {
	on        bool
	entries   []*entry[K, A] // with dirty cells, in the order of their first change
	gone      [][]byte       // keys of records to delete
	watermark int64          // as last saved
	saved     bool           // whether it was
}

// touch notes a change.
func (l *changeLog[K, A]) touch(k *entry[K, A], m *mark) {
	if !l.on || m.dirty {
		return
	}
	m.dirty = true
	if !k.dirty {
		k.dirty = true
		l.entries = append(l.entries, k)
	}
}

// forget notes that something is no more; what was never saved leaves no trace.
func (l *changeLog[K, A]) forget(m mark, key func() []byte) {
	if l.on && m.saved {
		l.gone = append(l.gone, key())
	}
}

// Changes appends what has changed since the last call to dst: first
// tombstones, then values; nothing if nothing has. All of them must be written,
// together with the results emitted and the position in the input, or the engine
// must be thrown away and restored. The work is proportional to what changed;
// the bytes are the caller's.
func (e *Engine[K, E, A]) Changes(dst []Change) ([]Change, error) {
	if !e.log.on {
		return dst, ErrNoState
	}
	for _, key := range e.log.gone {
		dst = append(dst, Change{Key: key})
	}
	e.log.gone = reuse(e.log.gone)
	var a arena
	for _, k := range e.log.entries {
		k.dirty = false
		for j := range k.cells {
			if c := &k.cells[j]; c.mark.dirty {
				c.mark = mark{saved: true}
				dst = append(dst, e.cellRecord(&a, k, c))
			}
		}
		for j := range k.given {
			if g := &k.given[j]; g.mark.dirty {
				g.mark = mark{saved: true}
				dst = append(dst, e.givenRecord(&a, k, g))
			}
		}
	}
	e.log.entries = reuse(e.log.entries)
	if !e.log.saved || e.log.watermark != e.watermark {
		e.log.saved, e.log.watermark = true, e.watermark
		dst = append(dst, e.metaRecord(&a))
	}
	return dst, nil
}

// reuse empties a slice and keeps its memory, but not three quarters and more
// that this time did not need.
func reuse[T any](s []T) []T {
	if cap(s) > shrinkMin && len(s) < cap(s)/4 {
		return nil
	}
	clear(s)
	return s[:0]
}
