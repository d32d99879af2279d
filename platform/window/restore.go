package window

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math"
	"slices"
	"time"
)

// ErrNotEmpty says that an engine to be restored has counted events already.
var ErrNotEmpty = errors.New("the engine is not empty")

// Owns tells whether a record's key belongs to this engine.
func (e *Engine[K, E, A]) Owns(key []byte) bool { return owns(e.cfg.Name, key) }

func owns(name string, key []byte) bool {
	return len(key) > len(name) && string(key[:len(name)]) == name && key[len(name)] == '/'
}

// latest is what the records of a name come to, in order of their keys.
func latest(name string, records iter.Seq2[[]byte, []byte]) (keys []string, values map[string][]byte) {
	values = map[string][]byte{}
	for key, value := range records {
		switch {
		case !owns(name, key):
		case value == nil:
			delete(values, string(key))
		default:
			values[string(key)] = append(values[string(key)][:0], value...)
		}
	}
	return slices.Sorted(maps.Keys(values)), values
}

// Restore reads saved state into an empty engine: records in the order they
// were written, tombstones with a nil value. Of a key the last one counts, and
// records of other engines are skipped. What was not written by Changes under
// the same windows and lateness is refused with a [*StateError], and the engine
// must not be used.
func (e *Engine[K, E, A]) Restore(records iter.Seq2[[]byte, []byte]) error {
	if !e.log.on {
		return ErrNoState
	}
	if len(e.entries) > 0 || e.watermark != NoWatermark {
		return ErrNotEmpty
	}
	keys, values := latest(e.cfg.Name, records)
	if len(keys) == 0 {
		return nil
	}
	meta := e.appendKey(nil, kindMeta, 0, "")
	value, found := values[string(meta)]
	if !found {
		return &StateError{Key: meta, Err: fmt.Errorf("%w: it is missing beside %d others", ErrCorrupt, len(keys))}
	}
	if err := e.readMeta(meta, value); err != nil {
		return &StateError{Key: meta, Err: err}
	}
	for _, key := range keys {
		if key == string(meta) {
			continue
		}
		if err := e.read([]byte(key), values[key]); err != nil {
			return &StateError{Key: []byte(key), Err: err}
		}
	}
	return e.reschedule()
}

// reschedule finds when there is work for what was read.
func (e *Engine[K, E, A]) reschedule() error {
	for _, k := range e.entries {
		next := e.next(k, e.watermark)
		if len(k.cells) == 0 || next <= e.watermark || next == math.MaxInt64 {
			return &StateError{Key: e.appendKey(nil, kindCell, 0, k.bytes), Err: fmt.Errorf("%w: it was over at the watermark", ErrCorrupt)}
		}
		e.due.set(k, next)
	}
	return nil
}

func (e *Engine[K, E, A]) readMeta(key, value []byte) error {
	fields, err := open(key, value)
	if err != nil {
		return err
	}
	r := NewReader(fields)
	watermark, late, windows := int64(r.Uint64()), r.Uvarint(), string(r.Rest())
	if err := r.Close(); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if windows != e.cfg.Windows.String() || late != uint64(e.late) {
		return fmt.Errorf("%w: %s with lateness %s, and the config says %s with lateness %s", ErrOther,
			windows, time.Duration(late)*time.Millisecond, e.cfg.Windows, e.cfg.AllowedLateness)
	}
	e.watermark = watermark
	e.log.saved, e.log.watermark = true, watermark
	return nil
}

// read takes one record other than the meta record.
func (e *Engine[K, E, A]) read(recordKey, value []byte) error {
	fields, err := open(recordKey, value)
	if err != nil {
		return err
	}
	kind, at, keyBytes, err := e.splitKey(recordKey)
	if err != nil {
		return err
	}
	var key K
	if err := e.cfg.Keys.Decode(keyBytes, &key); err != nil {
		return fmt.Errorf("%w: key: %w", ErrCorrupt, err)
	}
	if again := e.cfg.Keys.Append(nil, &key); !bytes.Equal(again, keyBytes) {
		return fmt.Errorf("%w: key %q is written %q", ErrCorrupt, keyBytes, again)
	}
	r := NewReader(fields)
	if kind == kindGiven {
		err = e.readGiven(key, at, r)
	} else {
		err = e.readCell(key, at, r)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return nil
}

func (e *Engine[K, E, A]) splitKey(recordKey []byte) (kind byte, at int64, key []byte, err error) {
	rest := recordKey[len(e.cfg.Name)+1:]
	if len(rest) < 9 || rest[0] != kindCell && rest[0] != kindGiven {
		return 0, 0, nil, fmt.Errorf("%w: no record has such a key", ErrCorrupt)
	}
	at = int64(binary.BigEndian.Uint64(rest[1:]) ^ signBit)
	if at < MinTime-sizeMax.Milliseconds() || at > MaxTime+sizeMax.Milliseconds() {
		return 0, 0, nil, fmt.Errorf("%w: its time is out of range", ErrCorrupt)
	}
	return rest[0], at, rest[9:], nil
}

func (e *Engine[K, E, A]) readGiven(key K, end int64, r *Reader) error {
	results := r.Uvarint()
	if err := r.Close(); err != nil {
		return err
	}
	if results == 0 || results > math.MaxUint32 || e.late == 0 || e.grid.gap != 0 || !e.grid.isEnd(end) {
		return fmt.Errorf("no window ends at %d and had %d results", end, results)
	}
	k := e.entry(key)
	k.given = append(k.given, given{end: end, results: uint32(results), mark: mark{saved: true}})
	return nil
}

func (e *Engine[K, E, A]) readCell(key K, start int64, r *Reader) error {
	length, results, state := r.Uvarint(), r.Uvarint(), r.Rest()
	if err := r.Close(); err != nil {
		return err
	}
	c := cell[A]{start: start, results: uint32(results), mark: mark{saved: true}}
	if e.grid.gap != 0 {
		if length < uint64(e.grid.gap) || length > 2*uint64(MaxTime) || results > math.MaxUint32 {
			return fmt.Errorf("no session has length %d and %d results", length, results)
		}
		c.end = start + int64(length)
	} else if length != 0 || results != 0 || floor(start, e.grid.unit()) != start {
		return fmt.Errorf("no window starts at %d", start)
	}
	if err := e.cfg.State.Decode(state, &c.acc); err != nil {
		return fmt.Errorf("accumulator: %w", err)
	}
	k := e.entry(key)
	if n := len(k.cells); n > 0 && e.grid.gap != 0 && k.cells[n-1].end > start {
		return fmt.Errorf("it overlaps the session from %d", k.cells[n-1].start)
	}
	k.cells = append(k.cells, c)
	return nil
}
