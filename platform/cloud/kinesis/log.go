package kinesis

import (
	"sort"
	"time"
)

// memoryLog holds one shard's records in memory: append-only, in chunks, so
// that trimming frees whole chunks and nothing is ever moved or dropped before
// its time. A record's counter (see sequence) is its position: the first
// record has counter 1. The owner's lock guards every method; the bytes of
// records already appended never change, so what read returns stays valid
// without the lock. A durable log can take its place behind the same methods.
type memoryLog struct {
	chunks []*chunk
	next   uint64 // counter of the next record
	first  uint64 // lowest counter not yet trimmed; equals next when empty
	last   int64  // arrival of the newest record, Unix ms
}

// chunk is a run of records with consecutive counters.
type chunk struct {
	base    uint64 // counter of entries[0]
	entries []entry
	bytes   []byte // partition key, then data, of each record; never grows past its capacity
}

// entry locates one record in its chunk's bytes.
type entry struct {
	arrivalMillis int64
	start         uint32
	keyLen        uint32
	end           uint32
	encrypted     bool // put while the stream was encrypted
}

func (e entry) size() int { return int(e.end - e.start) }

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

func newMemoryLog() memoryLog { return memoryLog{next: 1, first: 1} }

// append stores one record and returns its counter. Arrival times never run
// backwards within a shard, so that they can be searched: after a step back of
// the clock records carry the newest time seen until the clock catches up.
func (l *memoryLog) append(nowMillis int64, partitionKey string, data []byte, encrypted bool) uint64 {
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
	counter := l.next
	l.next++
	return counter
}

// tail is a chunk with room for size more bytes. Chunks double up to a
// maximum, so an idle shard costs little; a larger record gets a chunk of its own size.
func (l *memoryLog) tail(size int) *chunk {
	room := chunkBytesMin
	if n := len(l.chunks); n > 0 {
		c := l.chunks[n-1]
		if cap(c.bytes)-len(c.bytes) >= size {
			return c
		}
		room = min(chunkBytesMax, 2*cap(c.bytes))
	}
	c := &chunk{base: l.next, bytes: make([]byte, 0, max(room, size))}
	l.chunks = append(l.chunks, c)
	return c
}

// read collects records from counter on, at most maxRecords and maxBytes of
// them but at least one if there is any, and returns the counter to go on with.
// A counter below the horizon reads from the horizon.
func (l *memoryLog) read(counter uint64, maxRecords, maxBytes int, spans []span) ([]span, uint64) {
	counter = max(counter, l.first)
	if counter >= l.next {
		return spans, counter
	}
	taken := 0
	for i := l.chunkOf(counter); i < len(l.chunks) && maxRecords > 0; i++ {
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

// chunkOf is the index of the chunk that holds counter, which must lie in [first, next).
func (l *memoryLog) chunkOf(counter uint64) int {
	return sort.Search(len(l.chunks), func(i int) bool { return l.chunks[i].base > counter }) - 1
}

// seekTime is the counter of the first record that arrived at or after t.
func (l *memoryLog) seekTime(t time.Time) uint64 {
	millis := t.UnixMilli()
	i := sort.Search(len(l.chunks), func(i int) bool {
		entries := l.chunks[i].entries
		return entries[len(entries)-1].arrivalMillis >= millis
	})
	if i == len(l.chunks) {
		return l.next
	}
	c := l.chunks[i]
	j := sort.Search(len(c.entries), func(j int) bool { return c.entries[j].arrivalMillis >= millis })
	return max(l.first, c.base+uint64(j))
}

// arrival is when the record with counter, which must be stored, arrived, in Unix ms.
func (l *memoryLog) arrival(counter uint64) int64 {
	c := l.chunks[l.chunkOf(counter)]
	return c.entries[counter-c.base].arrivalMillis
}

// trim hides records that arrived before horizon and frees the chunks that
// hold nothing else.
func (l *memoryLog) trim(horizon time.Time) {
	millis := horizon.UnixMilli()
	if l.first == l.next || l.arrival(l.first) >= millis {
		return
	}
	l.first = l.seekTime(horizon)
	freed := 0
	for freed < len(l.chunks) && l.chunks[freed].base+uint64(len(l.chunks[freed].entries)) <= l.first {
		l.chunks[freed] = nil
		freed++
	}
	l.chunks = l.chunks[freed:]
}

// empty reports whether no record is left.
func (l *memoryLog) empty() bool { return l.first == l.next }
