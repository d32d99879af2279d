package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/cockroachdb/pebble/v2"
)

// Changes is what one Stage adds; a change of the same key takes the place of
// an earlier one. Keys and values are copied.
type Changes struct{ batch *pebble.Batch }

// The batch is in memory and never fails to take a change.

// Put sets a key.
func (c *Changes) Put(key, value []byte) { _ = c.batch.Set(key, value, nil) }

// PutJSON sets a key to v's JSON. Others wait while it is encoded: what may be
// large is better encoded before Stage.
func (c *Changes) PutJSON(key []byte, v any) { c.Put(key, Encode(v)) }

// Encode is v's JSON. v is one of a service's own structs: that it cannot be
// encoded is a bug.
func Encode(v any) []byte {
	value, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("store: %T does not encode: %v", v, err))
	}
	return value
}

// Delete removes a key, whether it is there or not.
func (c *Changes) Delete(key []byte) { _ = c.batch.Delete(key, nil) }

// DeleteRange removes the keys from start up to, not including, end.
func (c *Changes) DeleteRange(start, end []byte) { _ = c.batch.DeleteRange(start, end, nil) }

// DeletePrefix removes every key that begins with prefix.
func (c *Changes) DeletePrefix(prefix []byte) { c.DeleteRange(prefix, prefixEnd(prefix)) }

// Get reads one key, with what was staged before only after Wait; nil for none.
func (d *Data) Get(key []byte) ([]byte, error) {
	if d == nil {
		return nil, nil
	}
	value, closer, err := d.db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, damaged(d.cfg.Dir, err)
	}
	defer closer.Close()
	return bytes.Clone(value), nil
}

// GetJSON reads one key into v; false for none.
func (d *Data) GetJSON(key []byte, v any) (bool, error) {
	value, err := d.Get(key)
	if err != nil || value == nil {
		return false, err
	}
	return true, d.decode(key, value, v)
}

// Scan calls visit with every key from start up to, not including, end, in
// order; key and value are valid during the call only. A staged change is seen
// only after Wait.
func (d *Data) Scan(start, end []byte, visit func(key, value []byte) error) (err error) {
	if d == nil {
		return nil
	}
	it, err := d.db.NewIter(&pebble.IterOptions{LowerBound: start, UpperBound: end})
	if err != nil {
		return damaged(d.cfg.Dir, err)
	}
	defer func() { err = errors.Join(err, it.Close()) }()
	for ok := it.First(); ok; ok = it.Next() {
		value, err := it.ValueAndErr()
		if err != nil {
			return damaged(d.cfg.Dir, err)
		}
		if err := visit(it.Key(), value); err != nil {
			return err
		}
	}
	return damaged(d.cfg.Dir, it.Error())
}

// ScanPrefix is Scan over every key that begins with prefix.
func (d *Data) ScanPrefix(prefix []byte, visit func(key, value []byte) error) error {
	return d.Scan(prefix, prefixEnd(prefix), visit)
}

// ScanJSON decodes each value under prefix into a new T and visits it.
func ScanJSON[T any](d *Data, prefix []byte, visit func(key []byte, v *T) error) error {
	return d.ScanPrefix(prefix, func(key, value []byte) error {
		v := new(T)
		if err := d.decode(key, value, v); err != nil {
			return err
		}
		return visit(key, v)
	})
}

func (d *Data) decode(key, value []byte, v any) error {
	if err := json.Unmarshal(value, v); err != nil {
		return d.Damaged(key, err)
	}
	return nil
}

// Damaged is what a service returns, at restoring, for an entry that is not as
// it wrote it; err says in which way. It is an ErrDamaged.
func (d *Data) Damaged(key []byte, err error) error {
	return fmt.Errorf("%w: %s: the entry %q: %w; "+damagedAdvice, ErrDamaged, d.cfg.Dir, key, err)
}

// prefixEnd is the first key after all that begin with prefix; nil without one.
func prefixEnd(prefix []byte) []byte {
	end := bytes.Clone(prefix)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}
