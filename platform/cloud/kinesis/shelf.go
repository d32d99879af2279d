package kinesis

import (
	"fmt"

	"github.com/weirstream/weir/platform/cloud/store"
)

// shelf is where the records of a shard's full chunks lie outside memory.
type shelf interface {
	// fetch brings back the records of a chunk that was laid away.
	fetch(c *chunk) (content, error)
	// discard gives up a chunk that was trimmed, whether it was laid away or
	// not. The shard's lock is held.
	discard(c *chunk)
}

// spillShelf lays chunks in a temporary file. Chunks with records of encrypted
// streams are encrypted there too, with a key that ends with the process.
type spillShelf struct {
	spill   *store.Spill
	keyring *store.Keyring
}

const spillKey = "spill"

// lay puts a chunk's records away.
func (s *spillShelf) lay(held content) (place, error) {
	raw := held.encode()
	sealed := held.hasEncrypted()
	if sealed {
		raw = s.keyring.Seal(spillKey, nil, raw)
	}
	at, err := s.spill.Write(raw)
	return place{extent: at, sealed: sealed}, err
}

func (s *spillShelf) fetch(c *chunk) (content, error) {
	raw, err := s.spill.Read(c.place.extent, nil)
	if err == nil && c.place.sealed {
		raw, err = s.keyring.Open(spillKey, nil, raw)
	}
	if err != nil {
		return content{}, err
	}
	held, err := decodeContent(raw)
	if err == nil && len(held.entries) != c.count {
		err = fmt.Errorf("%d records instead of %d", len(held.entries), c.count)
	}
	return held, err
}

func (s *spillShelf) discard(c *chunk) {
	s.free(c.place) // of no length if it was never laid away
	c.place = place{}
}

func (s *spillShelf) free(p place) { s.spill.Free(p.extent) }
