package opensearch

import (
	"crypto/rand"
	"encoding/base64"
	"sync"
	"time"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud/store"
)

// index is one index: its documents by id, and beside them, by slot, what
// searches look at. A slot is a version of a document; it is never written
// twice. A refresh makes what was written since the last one searchable, all
// at once: new slots come alive and the slots they replace go.
type index struct {
	name    string
	uuid    string
	created time.Time
	sources *sources
	data    *store.Data
	clock   clock.Clock

	mu       sync.RWMutex
	gone     bool // deleted: whoever waited for the lock has lost it
	settings settings
	mapping  *mapping
	aliases  map[string]alias

	docs   map[string]*doc // the newest version by id, deletions for a while too
	buried []*doc          // deletions, the oldest first
	seq    int64           // of the next write
	open   *chunk
	reader reading

	slots   []*doc
	live    bitmap // what searches see
	liveN   int
	fresh   []uint32      // written since the last refresh
	stale   []uint32      // replaced or deleted since then
	spent   [][]byte      // their keys in the data directory
	due     time.Time     // of the next refresh; zero while there is nothing to show
	forget  []place       // sources of stale slots
	shown   chan struct{} // closed by the next refresh; nil while nobody waits
	removed int           // slots that died since the last compaction
}

// alias is a second name of an index.
type alias struct {
	WriteIndex *bool `json:"is_write_index,omitempty"`
}

// doc is one version of a document; it never changes.
type doc struct {
	id      string
	version int64
	seq     int64
	slot    uint32
	place   place
	deleted time.Time // of a deletion; else zero
}

// gone tells whether d stands for no document.
func (d *doc) absent() bool { return d == nil || !d.deleted.IsZero() }

// buryFor is how long the version of a deleted document is remembered.
const buryFor = time.Minute

func (ix *index) shards() int { return ix.settings.number(settingShards, 1) }

// written is what a write of one document did.
type written struct {
	doc     *doc
	result  string // created, updated, deleted, noop or not_found
	created bool
}

// put makes source the document's newest version, if the conditions allow it.
// The caller holds the lock.
func (ix *index) put(id string, source []byte, c conditions) (written, error) {
	old := ix.docs[id]
	limit := ix.settings.number(settingFields, fieldsMax)
	if err := ix.reader.read(ix.mapping, id, source, limit); err != nil {
		return written{}, err
	}
	if len(ix.reader.added) > 0 { // they stay, whatever becomes of the document
		ix.keep()
	}
	version, err := c.check(ix, id, old)
	if err != nil {
		return written{}, err
	}
	d := &doc{id: id, version: version, seq: ix.seq, slot: uint32(len(ix.slots))}
	ix.seq++
	d.place, ix.open = ix.sources.put(ix.open, source)
	ix.keepDoc(d, source)
	ix.show(d)
	ix.replace(old)
	ix.docs[id] = d
	out := written{doc: d, result: "updated"}
	if old.absent() {
		out.result, out.created = "created", true
	}
	return out, nil
}

// show gives d a slot with the values that were just read.
func (ix *index) show(d *doc) {
	ix.slots = append(ix.slots, d)
	for _, v := range ix.reader.values {
		column := v.field.column
		switch v.field.kind {
		case kindKeyword:
			column.addTerm(d.slot, v.term)
		case kindText:
			if !column.has.has(d.slot) {
				column.add(d.slot, 0)
			}
			column.words.add(d.slot, analyze(string(v.term)))
		default:
			column.add(d.slot, v.bits)
		}
	}
	ix.fresh = append(ix.fresh, d.slot)
	ix.dirty()
}

// replace takes an older version out, at the next refresh.
func (ix *index) replace(old *doc) {
	if old == nil {
		return
	}
	ix.spend(old)
	if old.deleted.IsZero() {
		ix.stale = append(ix.stale, old.slot)
		ix.forget = append(ix.forget, old.place)
		ix.dirty()
	}
}

// remove deletes a document, or notes that there was none to delete; either
// way the id has a new version. The caller holds the lock.
func (ix *index) remove(id string, c conditions) (written, error) {
	old := ix.docs[id]
	version, err := c.check(ix, id, old)
	if err != nil {
		return written{}, err
	}
	d := &doc{id: id, version: version, seq: ix.seq, deleted: ix.clock.Now()}
	ix.seq++
	ix.keepDoc(d, nil)
	ix.replace(old)
	ix.docs[id] = d
	ix.buried = append(ix.buried, d)
	ix.dirty()
	if old.absent() {
		return written{doc: d, result: "not_found"}, nil
	}
	return written{doc: d, result: "deleted"}, nil
}

// spend notes that d's entry in the data directory is to go.
func (ix *index) spend(d *doc) {
	if ix.data != nil {
		ix.spent = append(ix.spent, ix.docKey(d.seq))
	}
}

// exhume forgets deletions that are old enough.
func (ix *index) exhume() {
	before := ix.clock.Now().Add(-buryFor)
	for len(ix.buried) > 0 && ix.buried[0].deleted.Before(before) {
		d := ix.buried[0]
		ix.buried = ix.buried[1:]
		if ix.docs[d.id] == d {
			delete(ix.docs, d.id)
			ix.spend(d)
		}
	}
}

// dirty notes when what was just written has to be seen.
func (ix *index) dirty() {
	if !ix.due.IsZero() {
		return
	}
	ix.due = never
	if interval := ix.settings.interval(); interval >= 0 {
		ix.due = ix.clock.Now().Add(interval)
	}
}

// never is later than every instant a clock tells.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // A constant, as far as Go has one of this type.

// refreshIfDue shows what was written long enough ago. A ticker that shows it
// unasked would be seen by nobody. The caller holds the lock.
func (ix *index) refreshIfDue() {
	if !ix.due.IsZero() && !ix.clock.Now().Before(ix.due) {
		ix.refresh()
	}
}

// refresh makes everything written so far searchable. The caller holds the lock.
func (ix *index) refresh() {
	ix.due = time.Time{}
	ix.live = ix.live.grown(len(ix.slots))
	for _, slot := range ix.fresh {
		ix.live.set(slot)
	}
	for _, slot := range ix.stale {
		ix.live.unset(slot)
		ix.slots[slot] = nil
	}
	for _, at := range ix.forget {
		ix.sources.free(at)
	}
	ix.liveN += len(ix.fresh) - len(ix.stale)
	ix.removed += len(ix.stale)
	ix.exhume()
	ix.keepGone()
	ix.fresh, ix.stale, ix.forget = nil, nil, nil
	if ix.shown != nil {
		close(ix.shown)
		ix.shown = nil
	}
	if ix.removed > 1024 && ix.removed > len(ix.slots)/2 {
		ix.compact()
	}
}

// compact gives up the slots that died. The caller has just refreshed.
func (ix *index) compact() {
	kept := ix.live.slots()
	to := make(map[uint32]uint32, len(kept))
	for now, slot := range kept {
		to[slot] = uint32(now)
	}
	for _, f := range ix.mapping.byPath {
		f.column = f.column.compact(to, kept)
	}
	slots := make([]*doc, len(kept))
	live := newBitmap(len(kept))
	for now, slot := range kept {
		moved := *ix.slots[slot]
		moved.slot = uint32(now)
		slots[now] = &moved
		live.set(moved.slot)
		ix.docs[moved.id] = &moved
	}
	ix.slots, ix.live, ix.removed = slots, live, 0
}

// newUUID is an identifier as indexes have it.
func newUUID() string {
	var raw [16]byte
	rand.Read(raw[:]) // documented never to fail
	return base64.RawURLEncoding.EncodeToString(raw[:])
}
