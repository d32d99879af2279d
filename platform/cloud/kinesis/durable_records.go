package kinesis

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"

	"github.com/weirstream/weir/platform/cloud/store"
)

// dataShelf is a shard's part of the data directory. The records of every put
// are staged as one run under the counter of its first record, so chunks need
// not be written again when they leave memory. A run never crosses a chunk's
// end, and a chunk that is full is staged with its last run as an index entry:
// opening a directory reads the index and the runs behind it only.
type dataShelf struct {
	data  *store.Data
	birth uint64
	shard uint32
	gone  bool // with its stream, and so is all that was kept; the shard's lock guards it
}

func (d *dataShelf) key(prefix string) []byte {
	return binary.BigEndian.AppendUint32(streamKey(prefix, d.birth), d.shard)
}

func (d *dataShelf) keyAt(prefix string, counter uint64) []byte {
	return binary.BigEndian.AppendUint64(d.key(prefix), counter)
}

func (d *dataShelf) fetch(c *chunk) (content, error) {
	if err := d.data.Wait(context.Background()); err != nil {
		return content{}, err
	}
	held := content{entries: make([]entry, 0, c.count)}
	end, err := d.scan(c.base, c.end(), func(run content) { held.extend(run) })
	if err == nil && end != c.end() {
		err = d.missing(end)
	}
	return held, err
}

func (d *dataShelf) discard(c *chunk) {
	if d.gone {
		return
	}
	d.data.Stage(func(to *store.Changes) {
		to.DeleteRange(d.keyAt(runPrefix, c.base), d.keyAt(runPrefix, c.end()))
		to.Delete(d.keyAt(indexPrefix, c.base))
		to.Put(d.key(trimPrefix), binary.BigEndian.AppendUint64(nil, c.end()))
	})
}

// keep stages the records from counter first on, all put in one call under the
// key keyID, and the index of chunks they filled. The caller holds the shard's lock.
func (d *dataShelf) keep(l *recordLog, first uint64, keyID string) {
	spans, _ := l.read(first, math.MaxInt, math.MaxInt, nil)
	d.data.Stage(func(to *store.Changes) {
		for _, sp := range spans {
			key := d.keyAt(runPrefix, sp.base)
			to.Put(key, encodeRun(d.data.Keyring(), key, sp, keyID))
		}
		for i := len(l.chunks) - 2; i >= 0 && !l.chunks[i].indexed; i-- { // the last still takes records
			l.chunks[i].indexed = true
			to.Put(d.keyAt(indexPrefix, l.chunks[i].base), l.chunks[i].index())
		}
	})
}

// scan visits the runs from the one with counter base on, up to counter limit,
// and returns the counter behind the last.
func (d *dataShelf) scan(base, limit uint64, visit func(content)) (end uint64, err error) {
	end = base
	err = d.data.Scan(d.keyAt(runPrefix, base), d.keyAt(runPrefix, limit), func(key, value []byte) error {
		if at := binary.BigEndian.Uint64(key[len(key)-8:]); at != end {
			return d.missing(end)
		}
		run, err := decodeRun(d.data.Keyring(), key, value)
		if err != nil {
			return d.data.Damaged(key, err)
		}
		end += uint64(len(run.entries))
		visit(run)
		return nil
	})
	return end, err
}

func (d *dataShelf) missing(counter uint64) error {
	return d.data.Damaged(d.keyAt(runPrefix, counter), fmt.Errorf("record %d of shard %d is missing", counter, d.shard))
}

// restore fills an empty log with what is kept: full chunks by their index, the rest in memory.
func (d *dataShelf) restore(l *recordLog) error {
	trimmed, err := d.data.Get(d.key(trimPrefix))
	if err != nil {
		return err
	}
	next := uint64(1)
	if len(trimmed) == 8 {
		next = binary.BigEndian.Uint64(trimmed)
	}
	l.first = next
	err = d.data.Scan(d.keyAt(indexPrefix, 0), d.keyAt(indexPrefix, math.MaxUint64), func(key, value []byte) error {
		c := &chunk{base: binary.BigEndian.Uint64(key[len(key)-8:])}
		if !c.decodeIndex(value) || c.base != next {
			return d.missing(next)
		}
		c.laid, c.indexed = true, true
		next, l.last = c.end(), c.lastMillis
		l.chunks = append(l.chunks, c)
		return nil
	})
	if err != nil {
		return err
	}
	tail := &chunk{base: next}
	l.next, err = d.scan(next, math.MaxUint64, func(run content) { tail.extend(run) })
	if n := len(tail.entries); n > 0 {
		tail.count = n
		tail.firstMillis, tail.lastMillis = tail.entries[0].arrivalMillis, tail.entries[n-1].arrivalMillis
		l.last = tail.lastMillis
		l.chunks = append(l.chunks, tail)
	}
	return err
}

const indexBytes = 4 + 8 + 8

// index is a chunk's entry in the index: its number of records and when the
// first and the last arrived.
func (c *chunk) index() []byte {
	raw := binary.BigEndian.AppendUint32(make([]byte, 0, indexBytes), uint32(c.count))
	raw = binary.BigEndian.AppendUint64(raw, uint64(c.firstMillis))
	return binary.BigEndian.AppendUint64(raw, uint64(c.lastMillis))
}

func (c *chunk) decodeIndex(raw []byte) bool {
	if len(raw) != indexBytes {
		return false
	}
	c.count = int(binary.BigEndian.Uint32(raw))
	c.firstMillis = int64(binary.BigEndian.Uint64(raw[4:]))
	c.lastMillis = int64(binary.BigEndian.Uint64(raw[12:]))
	return c.count > 0
}
