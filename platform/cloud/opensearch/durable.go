package opensearch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/weirstream/weir/platform/cloud/store"
)

// On disk a document's version is one entry under its sequence number, written
// once; the entry of the version it replaces goes at the next refresh. After a
// crash the one with the highest number counts. Index names hold no slash.
const (
	indexPrefix    = "opensearch/index/"    // NAME
	templatePrefix = "opensearch/template/" // NAME
	docPrefix      = "opensearch/doc/"      // UUID/SEQUENCE
)

// keptIndex is an index on disk.
type keptIndex struct {
	UUID     string           `json:"uuid"`
	Created  time.Time        `json:"created"`
	Settings settings         `json:"settings"`
	Mapping  map[string]any   `json:"mapping"`
	Aliases  map[string]alias `json:"aliases,omitempty"`
}

// keptDoc is a version of a document on disk, or of its deletion.
type keptDoc struct {
	id      string
	version int64
	deleted bool
	source  []byte
}

func (ix *index) docsKey() []byte { return []byte(docPrefix + ix.uuid + "/") }

func (ix *index) docKey(seq int64) []byte {
	if ix.data == nil {
		return nil
	}
	return binary.BigEndian.AppendUint64(ix.docsKey(), uint64(seq))
}

// keep stages the index itself. The caller holds the lock.
func (ix *index) keep() {
	if ix.data == nil {
		return
	}
	value := store.Encode(keptIndex{ix.uuid, ix.created, ix.settings, ix.mapping.render(), ix.aliases})
	ix.data.Stage(func(c *store.Changes) { c.Put([]byte(indexPrefix+ix.name), value) })
}

// keepDoc stages a version that just came. The caller holds the lock.
func (ix *index) keepDoc(d *doc, source []byte) {
	if ix.data == nil {
		return
	}
	value := keptDoc{d.id, d.version, d.absent(), source}.encode()
	ix.data.Stage(func(c *store.Changes) { c.Put(ix.docKey(d.seq), value) })
}

// keepGone stages that replaced versions are not needed any more. The caller
// holds the lock.
func (ix *index) keepGone() {
	spent := ix.spent
	ix.spent = nil
	if ix.data == nil || len(spent) == 0 {
		return
	}
	ix.data.Stage(func(c *store.Changes) {
		for _, key := range spent {
			c.Delete(key)
		}
	})
}

// keepIndexGone stages that the index is deleted. The caller holds the lock.
func (ix *index) keepIndexGone() {
	ix.data.Stage(func(c *store.Changes) {
		c.Delete([]byte(indexPrefix + ix.name))
		c.DeletePrefix(ix.docsKey())
	})
}

// encode is form, version, id and source; the form is 0 for a document and 1
// for a deletion.
func (k keptDoc) encode() []byte {
	out := make([]byte, 1, 1+2*binary.MaxVarintLen64+len(k.id)+len(k.source))
	if k.deleted {
		out[0] = 1
	}
	out = binary.AppendUvarint(out, uint64(k.version))
	out = binary.AppendUvarint(out, uint64(len(k.id)))
	return append(append(out, k.id...), k.source...)
}

func decodeKept(value []byte) (keptDoc, error) {
	if len(value) == 0 || value[0] > 1 {
		return keptDoc{}, errors.New("it is no document")
	}
	k := keptDoc{deleted: value[0] == 1}
	rest := value[1:]
	version, n := binary.Uvarint(rest)
	if n <= 0 {
		return keptDoc{}, errors.New("its version is cut off")
	}
	k.version, rest = int64(version), rest[n:]
	length, n := binary.Uvarint(rest)
	if n <= 0 || length > uint64(len(rest)-n) {
		return keptDoc{}, errors.New("its id is cut off")
	}
	k.id, k.source = string(rest[n:n+int(length)]), rest[n+int(length):]
	return k, nil
}

// restore reads what an earlier process left.
func (s *Service) restore() error {
	data := s.cfg.Data
	err := store.ScanJSON(data, []byte(templatePrefix), func(key []byte, kept *template) error {
		numbered(kept.Template)
		s.templates[string(key[len(templatePrefix):])] = kept
		return nil
	})
	if err != nil {
		return err
	}
	err = store.ScanJSON(data, []byte(indexPrefix), func(key []byte, kept *keptIndex) error {
		ix := s.newIndex(string(key[len(indexPrefix):]), kept.UUID, kept.Created)
		ix.settings = kept.Settings
		if kept.Aliases != nil {
			ix.aliases = kept.Aliases
		}
		if err := ix.mapping.merge(numbered(kept.Mapping), maxFields); err != nil {
			return data.Damaged(key, err)
		}
		s.indexes[ix.name] = ix
		return nil
	})
	if err != nil {
		return err
	}
	for _, ix := range maps.All(s.indexes) {
		if err := ix.restore(); err != nil {
			return err
		}
	}
	return nil
}

// maxFields is no limit: what is on disk was admitted before.
const maxFields = 1 << 30

func (ix *index) restore() error {
	err := ix.data.ScanPrefix(ix.docsKey(), func(key, value []byte) error {
		kept, err := decodeKept(value)
		if err != nil {
			return ix.data.Damaged(key, err)
		}
		if len(key) != len(ix.docsKey())+8 {
			return ix.data.Damaged(key, errors.New("it has no sequence number"))
		}
		ix.seq = int64(binary.BigEndian.Uint64(key[len(key)-8:]))
		d := &doc{id: kept.id, version: kept.version, seq: ix.seq, slot: uint32(len(ix.slots))}
		ix.seq++
		old := ix.docs[d.id]
		if kept.deleted {
			d.deleted = ix.clock.Now()
			ix.buried = append(ix.buried, d)
		} else {
			if err := ix.reader.read(ix.mapping, d.id, kept.source, maxFields); err != nil {
				return ix.data.Damaged(key, fmt.Errorf("document %q: %w", d.id, err))
			}
			d.place, ix.open = ix.sources.put(ix.open, kept.source)
			ix.show(d)
		}
		ix.replace(old)
		ix.docs[d.id] = d
		return nil
	})
	if err == nil {
		ix.refresh()
		ix.sources.relieve()
	}
	return err
}
