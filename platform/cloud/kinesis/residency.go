package kinesis

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/weirstream/weir/platform/cloud/store"
	"github.com/weirstream/weir/platform/cloud/wire"
)

// residency bounds the memory that full chunks of all shards take: beyond max
// the one that came in first goes to disk, or, if it has been there before, is
// just forgotten. Nothing is dropped: a chunk that cannot be written stays in
// memory, and far beyond max puts are refused until the disk takes chunks again.
//
// Locks are taken in the order shard, line. Files are read and written
// under neither.
type residency struct {
	spill *spillShelf // where chunks go that are on no shelf yet
	max   int64
	log   *slog.Logger

	failed atomic.Bool // the last chunk could not be written

	// Chunks that were read back wait in a line of their own, a shorter one: a
	// reader of old records must not push newer ones out to disk.
	fresh, reread line
}

// rereadShare of max is what chunks that were read back may take.
const rereadShare = 8

// line is a queue of chunks in memory, first in, first out.
type line struct {
	bytes atomic.Int64
	mu    sync.Mutex
	queue []resident
}

// resident is a full chunk in memory.
type resident struct {
	shard *shard
	chunk *chunk
	bytes int64
}

// newResident is a chunk that gets no more records; the caller holds sh.mu.
func newResident(sh *shard, c *chunk) resident {
	return resident{sh, c, int64(cap(c.bytes)) + int64(cap(c.entries))*int64(unsafe.Sizeof(entry{}))}
}

// residence is where a chunk is kept, guarded by its shard's lock.
type residence struct {
	laid    bool  // on its shard's shelf
	freed   bool  // trimmed: nobody may lay it away any more
	indexed bool  // in the data directory's index
	place   place // on a spillShelf
}

// place is where a spillShelf has a chunk.
type place struct {
	extent store.Extent
	sealed bool
}

// stuckFactor times max is where puts are refused, because the disk takes nothing.
const stuckFactor = 4

// admit refuses a put while memory has outgrown every bound and the disk takes
// nothing; each refused put tries the disk again. The caller holds no shard's lock.
func (r *residency) admit() error {
	if !r.isStuck() {
		return nil
	}
	if r.relieve(); r.isStuck() {
		return errStuck()
	}
	return nil
}

func (r *residency) isStuck() bool {
	return r.failed.Load() && r.fresh.bytes.Load() > stuckFactor*r.max
}

// relieve sends chunks to disk until what is left fits. The caller holds no lock.
func (r *residency) relieve() {
	r.shorten(&r.reread, r.max/rereadShare)
	r.shorten(&r.fresh, r.max)
}

func (r *residency) shorten(l *line, most int64) {
	for l.bytes.Load() > most {
		oldest, ok := l.pop()
		if !ok {
			return
		}
		if err := r.evict(oldest); err != nil {
			r.log.Warn("kinesis: records stay in memory because they cannot be spilled", "error", err)
			l.push(oldest)
			return // the next put tries again
		}
	}
}

func (l *line) push(c resident) {
	l.bytes.Add(c.bytes)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue = append(l.queue, c)
}

func (l *line) pop() (resident, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) == 0 {
		return resident{}, false
	}
	oldest := l.queue[0]
	l.queue[0] = resident{}
	l.queue = l.queue[1:]
	l.bytes.Add(-oldest.bytes)
	return oldest, true
}

// evict takes one chunk out of memory.
func (r *residency) evict(e resident) error {
	sh, c := e.shard, e.chunk
	sh.mu.Lock()
	held, known := c.content, c.freed || c.laid
	if known {
		c.content = content{}
	}
	sh.mu.Unlock()
	if known {
		return nil
	}
	at, err := r.spill.lay(held)
	r.failed.Store(err != nil)
	if err != nil {
		return err
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if c.freed {
		r.spill.free(at)
		return nil
	}
	c.place, c.laid, c.content = at, true, content{}
	return nil
}

// load brings a chunk back into memory. The caller holds no lock, reads again
// afterwards, which may find the chunk gone again or trimmed, and then calls
// relieve; load itself does not, or one large chunk would never stay.
func (r *residency) load(sh *shard, c *chunk) error {
	sh.mu.Lock()
	there := *c // the place may be given up meanwhile
	done := c.isResident() || c.freed
	sh.mu.Unlock()
	if done {
		return nil
	}
	loaded, err := sh.shelf.fetch(&there)
	if err != nil && sh.wasFreed(c) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("load records %d to %d of %s: %w", c.base, c.end()-1, sh.id, err)
	}
	sh.mu.Lock()
	if !c.isResident() && !c.freed {
		c.content = loaded
		r.reread.push(newResident(sh, c))
	}
	sh.mu.Unlock()
	return nil
}

// wasFreed tells whether a chunk was trimmed while it was being fetched.
func (sh *shard) wasFreed(c *chunk) bool {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return c.freed
}

// errStuck refuses a put for which there is no room in memory or on disk.
func errStuck() *wire.Error {
	return &wire.Error{Code: "InternalFailure", Message: "Internal Service Failure: records can be neither kept in memory nor spilled to disk.", Status: 500}
}
