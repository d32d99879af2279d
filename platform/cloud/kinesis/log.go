package kinesis

import (
	"sort"
	"time"
)

// recordLog holds one shard's records: append-only, in chunks, so that trimming
// frees whole chunks and nothing is ever moved or dropped before its time. A
// record's counter (see sequence) is its position: the first record has
// counter 1. The owner's lock guards every method; the bytes of records already
// appended never change, so what read returns stays valid without the lock.
//
// Chunks that are full may lie on disk (see residency); reading reaches them
// only after the owner has them loaded.
type recordLog struct {
	chunks []*chunk
	next   uint64 // counter of the next record
	first  uint64 // lowest counter not yet trimmed; equals next when empty
	last   int64  // arrival of the newest record, Unix ms
	keeper keeper
}

// keeper is told of the chunks that take no more records, and of those that
// are trimmed, which it must forget.
type keeper interface {
	sealed(*chunk)
	freed(*chunk)
}

// chunk is a run of records with consecutive counters.
type chunk struct {
	base        uint64 // counter of the first record
	count       int
	firstMillis int64 // arrival of the first record
	lastMillis  int64 // arrival of the last record
	content           // its entries are nil while the chunk lies on disk only; bytes never grows past its capacity
	residence
}

func (c *chunk) isResident() bool { return c.entries != nil }

// end is the counter after the chunk's last record.
func (c *chunk) end() uint64 { return c.base + uint64(c.count) }

// span is a run of records as read returns it: safe to use without the lock.
type span struct {
	base    uint64
	entries []entry
	bytes   []byte
}

const (
	chunkBytesMin = 8 << 10
	chunkBytesMax = 1 << 20
)

// newRecordLog makes an empty log.
func newRecordLog(k keeper) recordLog { return recordLog{next: 1, first: 1, keeper: k} }

// append stores one record and returns its counter. Arrival times never run
// backwards within a shard, so that they can be searched: after a step back of
// the clock records carry the newest time seen until the clock catches up.
func (l *recordLog) append(nowMillis int64, partitionKey string, data []byte, encrypted bool) uint64 {
	l.last = max(l.last, nowMillis)
	size := len(partitionKey) + len(data)
	c := l.tail(size)
	start := len(c.bytes)
	c.bytes = append(c.bytes, partitionKey...)
	c.bytes = append(c.bytes, data...)
	c.entries = append(c.entries, entry{
		arrivalMillis: l.last,
		start:         uint32(start),
		keyLen:        uint32(len(partitionKey)),
		end:           uint32(start + size),
		encrypted:     encrypted,
	})
	if c.count == 0 {
		c.firstMillis = l.last
	}
	c.count++
	c.lastMillis = l.last
	counter := l.next
	l.next++
	return counter
}

// tail is a chunk with room for size more bytes. Chunks double up to a
// maximum, so an idle shard costs little; a larger record gets a chunk of its own size.
func (l *recordLog) tail(size int) *chunk {
	room := chunkBytesMin
	if n := len(l.chunks); n > 0 {
		c := l.chunks[n-1]
		if cap(c.bytes)-len(c.bytes) >= size {
			return c
		}
		room = min(chunkBytesMax, 2*cap(c.bytes))
		l.keeper.sealed(c)
	}
	c := &chunk{base: l.next, content: content{bytes: make([]byte, 0, max(room, size))}}
	l.chunks = append(l.chunks, c)
	return c
}

// read collects records from counter on, at most maxRecords and maxBytes of
// them but at least one if there is any, and returns the counter to go on with.
// A counter below the horizon reads from the horizon. It ends before a chunk
// that is on disk only, so a page may be smaller than asked for; if that is the
// first one (see missing), it is empty.
func (l *recordLog) read(counter uint64, maxRecords, maxBytes int, spans []span) ([]span, uint64) {
	counter = max(counter, l.first)
	if counter >= l.next {
		return spans, counter
	}
	taken := 0
	for i := l.chunkOf(counter); i < len(l.chunks) && maxRecords > 0 && l.chunks[i].isResident(); i++ {
		c := l.chunks[i]
		from := int(counter - c.base)
		to := from
		for to < len(c.entries) && maxRecords > 0 {
			size := c.entries[to].size()
			if taken > 0 && size > maxBytes {
				maxRecords = 0
				break
			}
			maxBytes -= size
			maxRecords--
			taken++
			to++
		}
		if to > from {
			spans = append(spans, span{base: counter, entries: c.entries[from:to:to], bytes: c.bytes})
		}
		counter = c.base + uint64(to)
	}
	return spans, counter
}

// missing is the chunk on disk that a read from counter begins with, or nil.
func (l *recordLog) missing(counter uint64) *chunk {
	counter = max(counter, l.first)
	if counter >= l.next {
		return nil
	}
	if c := l.chunks[l.chunkOf(counter)]; !c.isResident() {
		return c
	}
	return nil
}

// chunkOf is the index of the chunk that holds counter, which must lie in [first, next).
func (l *recordLog) chunkOf(counter uint64) int {
	return sort.Search(len(l.chunks), func(i int) bool { return l.chunks[i].base > counter }) - 1
}

// chunkAt is the index of the first chunk with a record that arrived at or after millis.
func (l *recordLog) chunkAt(millis int64) int {
	return sort.Search(len(l.chunks), func(i int) bool { return l.chunks[i].lastMillis >= millis })
}

// seekTime is the counter of the first record that arrived at or after t. If
// the chunk that holds it is on disk only, it is returned instead: seek again
// once it is loaded.
func (l *recordLog) seekTime(t time.Time) (uint64, *chunk) {
	millis := t.UnixMilli()
	i := l.chunkAt(millis)
	if i == len(l.chunks) {
		return l.next, nil
	}
	c := l.chunks[i]
	if c.firstMillis >= millis {
		return max(l.first, c.base), nil
	}
	if !c.isResident() {
		return 0, c
	}
	return max(l.first, c.base+c.seek(millis)), nil
}

// seek is how many records of c, which must be resident, arrived before millis.
func (c *chunk) seek(millis int64) uint64 {
	return uint64(sort.Search(len(c.entries), func(j int) bool { return c.entries[j].arrivalMillis >= millis }))
}

// arrival is when the record with counter, which must be stored, arrived, in
// Unix ms; of a record on disk, when the first of its chunk did.
func (l *recordLog) arrival(counter uint64) int64 {
	c := l.chunks[l.chunkOf(counter)]
	if !c.isResident() {
		return c.firstMillis
	}
	return c.entries[counter-c.base].arrivalMillis
}

// trim hides records that arrived before horizon and frees the chunks that
// hold nothing else. Of a chunk on disk it hides all or nothing: its records
// may be seen a little past their time, and none goes early.
func (l *recordLog) trim(horizon time.Time) {
	millis := horizon.UnixMilli()
	if l.first == l.next || l.chunks[0].firstMillis >= millis {
		return
	}
	i := l.chunkAt(millis)
	switch {
	case i == len(l.chunks):
		l.first = l.next
	case l.chunks[i].isResident():
		l.first = max(l.first, l.chunks[i].base+l.chunks[i].seek(millis))
	default:
		l.first = max(l.first, l.chunks[i].base)
	}
	freed := 0
	for freed < len(l.chunks) && l.chunks[freed].end() <= l.first {
		l.keeper.freed(l.chunks[freed])
		l.chunks[freed] = nil
		freed++
	}
	l.chunks = l.chunks[freed:]
}

// release gives back what the log holds; it must not be used any more.
func (l *recordLog) release() {
	for _, c := range l.chunks {
		l.keeper.freed(c)
	}
	l.chunks, l.first = nil, l.next
}

// empty reports whether no record is left.
func (l *recordLog) empty() bool { return l.first == l.next }
