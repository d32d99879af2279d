package opensearch

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/weirstream/weir/platform/cloud/store"
)

// sources bounds the memory that documents as they were sent take, over all
// indexes: they lie in chunks, and beyond max the chunk that was filled first
// goes to a temporary file, or, where a data directory has its documents
// already, is just forgotten. A chunk that cannot be written stays in memory.
//
// Locks are taken in the order index, sources; files are touched under neither.
type sources struct {
	spill *store.Spill
	data  *store.Data
	max   int64
	log   *slog.Logger

	mu    sync.Mutex
	full  []*chunk // in memory, the oldest first
	bytes int64
}

// chunkBytes is how much a chunk takes before the next is begun.
const chunkBytes = 256 << 10

// chunk holds documents one behind the other. Guarded by sources.mu, but for
// the bytes that are there, which never change.
type chunk struct {
	bytes   []byte // nil once it is elsewhere
	at      store.Extent
	spilled bool
	live    int // documents in use
	sealed  bool
	leaving bool // being written to the file
}

// place is where a document's source lies.
type place struct {
	chunk  *chunk
	offset uint32
	length uint32
}

// put adds a source behind the others of open, which it returns, or the next
// chunk. The caller holds the index's lock.
func (s *sources) put(open *chunk, source []byte) (place, *chunk) {
	if open == nil || len(open.bytes)+len(source) > chunkBytes && len(open.bytes) > 0 {
		if open != nil {
			s.seal(open)
		}
		open = &chunk{bytes: make([]byte, 0, max(min(chunkBytes, 16*len(source)), len(source)))}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := place{open, uint32(len(open.bytes)), uint32(len(source))}
	open.bytes = append(open.bytes, source...)
	open.live++
	return at, open
}

func (s *sources) seal(c *chunk) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c.sealed = true
	s.full = append(s.full, c)
	s.bytes += int64(cap(c.bytes))
}

// free gives up one document's source.
func (s *sources) free(at place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := at.chunk
	if c.live--; c.live == 0 && c.sealed {
		s.drop(c)
	}
}

// drop forgets a chunk that no document is in; the caller holds mu.
func (s *sources) drop(c *chunk) {
	if c.spilled {
		s.spill.Free(c.at)
		c.spilled = false
		return
	}
	if c.bytes != nil && !c.leaving {
		s.bytes -= int64(cap(c.bytes))
		c.bytes = nil // it is passed over in the line
	}
}

// relieve makes room. The caller holds no lock.
func (s *sources) relieve() {
	for {
		s.mu.Lock()
		for len(s.full) > 0 && s.full[0].bytes == nil {
			s.full = s.full[1:]
		}
		if s.bytes <= s.max || len(s.full) == 0 {
			s.mu.Unlock()
			return
		}
		oldest := s.full[0]
		s.full = s.full[1:]
		held := oldest.bytes
		s.bytes -= int64(cap(held))
		oldest.leaving = true
		s.mu.Unlock()
		if !s.evict(oldest, held) {
			return // a later write tries again
		}
	}
}

func (s *sources) evict(c *chunk, held []byte) bool {
	var at store.Extent
	var err error
	if s.data == nil {
		at, err = s.spill.Write(held)
	} else { // what is in a full chunk was staged before it was full
		err = s.data.Wait(context.Background())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c.leaving = false
	if err != nil && c.live > 0 {
		s.log.Warn("opensearch: documents stay in memory because they cannot be spilled", "error", err)
		s.full = append([]*chunk{c}, s.full...)
		s.bytes += int64(cap(held))
		return false
	}
	c.bytes = nil
	switch {
	case s.data != nil || err != nil:
	case c.live == 0:
		s.spill.Free(at)
	default:
		c.at, c.spilled = at, true
	}
	return true
}

// get is a document's source. The caller holds the index's lock, at least for reading.
func (s *sources) get(d *doc, key []byte) ([]byte, error) {
	s.mu.Lock()
	c := d.place.chunk
	held, at, spilled := c.bytes, c.at, c.spilled
	s.mu.Unlock()
	from, length := int64(d.place.offset), int64(d.place.length)
	switch {
	case held != nil:
		return held[from : from+length : from+length], nil
	case spilled:
		return s.spill.Read(store.Extent{Offset: at.Offset + from, Length: length}, nil)
	}
	value, err := s.data.Get(key)
	if err != nil {
		return nil, err
	}
	kept, err := decodeKept(value)
	if err != nil {
		return nil, s.data.Damaged(key, fmt.Errorf("the source of document %q: %w", d.id, err))
	}
	return kept.source, nil
}
