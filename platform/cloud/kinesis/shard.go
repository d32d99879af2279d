package kinesis

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/weirstream/weir/platform/cloud/store"
)

// Per-shard limits of AWS.
const (
	shardWriteBytesPerSecond   = 1 << 20
	shardWriteRecordsPerSecond = 1000
	shardReadBytesPerSecond    = 2 << 20
	shardReadCallsPerSecond    = 5
	shardIteratorsPerSecond    = 5
)

// shard is one shard of a stream. Its lock is held for appends and for finding
// records, never while records are encoded or a client is waited for.
type shard struct {
	index         uint32
	id            string
	createdSecond int64 // as its sequence numbers carry it
	opened        time.Time
	keys          hashRange
	parents       []string // none, the parent, or the parent and its adjacent one

	residency *residency
	shelf     shelf
	disk      *dataShelf // the shelf, where there is a data directory; else nil

	mu       sync.Mutex
	log      recordLog
	closedAt time.Time     // zero while open
	wake     chan struct{} // closed at the next append or close; nil while nobody waits

	load                             load // taken in since an on-demand stream was measured
	writeBytes, writeRecords         bucket
	readBytes, readCalls, iterations bucket
}

// newShard makes an empty shard of st.
func (s *Service) newShard(st *stream, index uint32, keys hashRange) *shard {
	sh := &shard{index: index, id: shardID(index), keys: keys, residency: s.residency, shelf: s.residency.spill}
	if s.cfg.Data != nil {
		sh.disk = &dataShelf{data: s.cfg.Data, birth: st.birth, shard: index}
		sh.shelf = sh.disk
	}
	sh.log = newRecordLog(sh)
	if !s.cfg.QuotasOff {
		sh.writeBytes = newBucket(shardWriteBytesPerSecond)
		sh.writeRecords = newBucket(shardWriteRecordsPerSecond)
		sh.readBytes = newBucket(shardReadBytesPerSecond)
		sh.readCalls = newBucket(shardReadCallsPerSecond)
		sh.iterations = newBucket(shardIteratorsPerSecond)
	}
	return sh
}

func shardID(index uint32) string { return fmt.Sprintf("shardId-%012d", index) }

// parseShardID is as lenient as AWS: what counts is the number after the first
// hyphen, or the whole text if there is none.
func parseShardID(text string) (uint32, bool) {
	if _, after, found := strings.Cut(text, "-"); found {
		text, _, _ = strings.Cut(after, "-")
	}
	if !onlyDigits(text) {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 10, 31)
	return uint32(n), err == nil
}

// sequence is the number of the record with counter put in the given second.
func (sh *shard) sequence(counter uint64, second int64) sequence {
	return sequence{createdSecond: sh.createdSecond, shard: sh.index, counter: counter, putSecond: second}
}

// startingSequence is where the shard's range of numbers begins; no record has it.
func (sh *shard) startingSequence() string { return sh.sequence(0, sh.createdSecond).String() }

// admit takes one record of size bytes from the write limits; the caller holds mu.
func (sh *shard) admit(now time.Time, size int) bool {
	if !sh.writeBytes.has(now, float64(size)) || !sh.writeRecords.has(now, 1) {
		return false
	}
	sh.load.bytes += uint64(size)
	sh.load.records++
	return sh.writeBytes.take(now, float64(size)) && sh.writeRecords.take(now, 1)
}

// sealed takes in a chunk that gets no more records; the caller holds mu.
func (sh *shard) sealed(c *chunk) {
	c.laid = sh.disk != nil // its records were staged as they came
	sh.residency.fresh.push(newResident(sh, c))
}

// freed gives up a chunk that was trimmed; the caller holds mu.
func (sh *shard) freed(c *chunk) {
	c.freed, c.content = true, content{}
	sh.shelf.discard(c)
}

// stored stages the records of one call, from counter first on, for the disk
// and wakes their readers; keyID encrypts them. The caller holds mu.
func (sh *shard) stored(first uint64, keyID string) {
	if sh.disk != nil {
		sh.disk.keep(&sh.log, first, keyID)
	}
	sh.announce()
}

// keepGone stages that a shard without records is no longer listed.
func (sh *shard) keepGone() {
	if sh.disk != nil {
		sh.disk.data.Stage(func(to *store.Changes) { to.Delete(sh.disk.key(trimPrefix)) })
	}
}

// announce wakes all who wait for records; the caller holds mu.
func (sh *shard) announce() {
	if sh.wake != nil {
		close(sh.wake)
		sh.wake = nil
	}
}

func (sh *shard) close(now time.Time) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.closedAt = now
	sh.announce()
}

// closed is when the shard was closed, zero while it is open.
func (sh *shard) closed() time.Time {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return sh.closedAt
}

func (sh *shard) isClosed() bool { return !sh.closed().IsZero() }

// expire frees records older than horizon and reports whether the shard itself
// is past retention.
func (sh *shard) expire(horizon time.Time) bool {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	sh.log.trim(horizon)
	return !sh.closedAt.IsZero() && sh.closedAt.Before(horizon) && sh.log.empty()
}

// page is one read of a shard.
type page struct {
	spans        []span
	next         uint64 // counter to go on with
	records      int
	bytes        int
	behindMillis int64
	end          bool // the shard is closed and read to its end
}

// lockLoaded takes mu when what a read from counter begins with is in memory.
func (sh *shard) lockLoaded(horizon time.Time, counter uint64) error {
	for {
		sh.mu.Lock()
		sh.log.trim(horizon)
		c := sh.log.missing(counter)
		if c == nil {
			return nil
		}
		sh.mu.Unlock()
		if err := sh.residency.load(sh, c); err != nil {
			return err
		}
	}
}

// seekTime is the counter of the first record that arrived at or after t.
func (sh *shard) seekTime(horizon, t time.Time) (uint64, error) {
	for {
		sh.mu.Lock()
		sh.log.trim(horizon)
		counter, missing := sh.log.seekTime(t)
		sh.mu.Unlock()
		if missing == nil {
			return counter, nil
		}
		if err := sh.residency.load(sh, missing); err != nil {
			return 0, err
		}
	}
}

// release frees the records of a shard that went with its stream.
func (sh *shard) release() {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if sh.disk != nil {
		sh.disk.gone = true
	}
	sh.log.release()
}

// readLocked collects records from counter on.
func (sh *shard) readLocked(now, horizon time.Time, counter uint64, maxRecords, maxBytes int) page {
	sh.log.trim(horizon)
	var p page
	p.spans, p.next = sh.log.read(counter, maxRecords, maxBytes, nil)
	for _, sp := range p.spans {
		p.records += len(sp.entries)
		p.bytes += int(sp.entries[len(sp.entries)-1].end - sp.entries[0].start)
	}
	if p.next < sh.log.next {
		p.behindMillis = max(1, now.UnixMilli()-sh.log.arrival(p.next))
	}
	p.end = !sh.closedAt.IsZero() && p.next >= sh.log.next
	return p
}

// readOrWait reads like read; when there is nothing, it returns a channel that
// closes at the next append or at the shard's close.
func (sh *shard) readOrWait(now, horizon time.Time, counter uint64, maxRecords, maxBytes int) (page, <-chan struct{}, error) {
	defer sh.residency.relieve()
	if err := sh.lockLoaded(horizon, counter); err != nil {
		return page{}, nil, err
	}
	defer sh.mu.Unlock()
	p := sh.readLocked(now, horizon, counter, maxRecords, maxBytes)
	if p.records > 0 || p.end {
		return p, nil, nil
	}
	if sh.wake == nil {
		sh.wake = make(chan struct{})
	}
	return p, sh.wake, nil
}
