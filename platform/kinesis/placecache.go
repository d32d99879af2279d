package kinesis

import (
	"hash/maphash"
	"strings"
)

// Slots of 48 bytes: 3 MiB where all keys of a stream pass, 768 KiB where those
// of one shard do.
const (
	streamPlaces = 1 << 16
	shardPlaces  = 1 << 14
)

// placeCache remembers the places of partition keys that came lately: devices
// put under few keys again and again, and an MD5 costs more than all else that
// is done for a small record. It is for one goroutine; its memory is bounded,
// and taken when it is first used.
type placeCache struct {
	size  uint64 // in slots
	seed  maphash.Seed
	slots []placedKey
}

type placedKey struct {
	key   string
	where hashKey
}

// of is the place of a checked record.
func (c *placeCache) of(r *Record) hashKey {
	if r.ExplicitHashKey != "" {
		return r.hash()
	}
	slot := c.slot(maphash.String(c.seeded(), r.PartitionKey))
	if slot.key != r.PartitionKey {
		*slot = placedKey{strings.Clone(r.PartitionKey), r.hash()} // the key may be part of something large
	}
	return slot.where
}

// known is a partition key as it was received, and its place.
func (c *placeCache) known(received []byte) (key string, where hashKey) {
	slot := c.slot(maphash.Bytes(c.seeded(), received))
	if slot.key != string(received) {
		key := text(received)
		*slot = placedKey{key, hashOf(key)}
	}
	return slot.key, slot.where
}

func (c *placeCache) seeded() maphash.Seed {
	if c.slots == nil {
		c.seed, c.slots = maphash.MakeSeed(), make([]placedKey, c.size)
	}
	return c.seed
}

func (c *placeCache) slot(hash uint64) *placedKey { return &c.slots[hash%c.size] }
