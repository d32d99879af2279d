package kinesis

import (
	"crypto/md5"

	"google.golang.org/protobuf/encoding/protowire"
)

// aggregate collects user records that one stored record carries. It encodes
// as it collects, so its size is always exact; reset makes it ready for reuse.
type aggregate struct {
	keys       map[string]uint64 // partition key → its index in the table
	hashKeys   map[string]uint64
	keyTable   []byte // encoded
	hashTable  []byte
	records    []byte
	userCount  int
	outerWhere hashKey // of the first user record: where the whole goes
}

func newAggregate() *aggregate {
	return &aggregate{keys: map[string]uint64{}, hashKeys: map[string]uint64{}}
}

func (a *aggregate) reset() {
	clear(a.keys)
	clear(a.hashKeys)
	a.keyTable, a.hashTable, a.records = a.keyTable[:0], a.hashTable[:0], a.records[:0]
	a.userCount = 0
}

// size is what the stored record's data would be now.
func (a *aggregate) size() int {
	return aggregateOverhead + len(a.keyTable) + len(a.hashTable) + len(a.records)
}

// sizeWith is what it would be with r added.
func (a *aggregate) sizeWith(r *Record) int {
	size := a.size()
	keyIndex, known := a.keys[r.PartitionKey]
	if !known {
		keyIndex = uint64(len(a.keys))
		size += 1 + protowire.SizeBytes(len(r.PartitionKey))
	}
	inner := 1 + protowire.SizeVarint(keyIndex) + 1 + protowire.SizeBytes(len(r.Data))
	if r.ExplicitHashKey != "" {
		hashIndex, known := a.hashKeys[r.ExplicitHashKey]
		if !known {
			hashIndex = uint64(len(a.hashKeys))
			size += 1 + protowire.SizeBytes(len(r.ExplicitHashKey))
		}
		inner += 1 + protowire.SizeVarint(hashIndex)
	}
	return size + 1 + protowire.SizeBytes(inner)
}

// add appends a user record whose place in the key space is where.
func (a *aggregate) add(r *Record, where hashKey) {
	if a.userCount == 0 {
		a.outerWhere = where
	}
	a.userCount++
	var keyIndex, hashIndex uint64
	keyIndex, a.keyTable = intern(a.keys, a.keyTable, fieldKeyTable, r.PartitionKey)
	inner := 1 + protowire.SizeVarint(keyIndex) + 1 + protowire.SizeBytes(len(r.Data))
	if r.ExplicitHashKey != "" {
		hashIndex, a.hashTable = intern(a.hashKeys, a.hashTable, fieldHashTable, r.ExplicitHashKey)
		inner += 1 + protowire.SizeVarint(hashIndex)
	}
	b := protowire.AppendTag(a.records, fieldRecords, protowire.BytesType)
	b = protowire.AppendVarint(b, uint64(inner))
	b = protowire.AppendTag(b, fieldKeyIndex, protowire.VarintType)
	b = protowire.AppendVarint(b, keyIndex)
	if r.ExplicitHashKey != "" {
		b = protowire.AppendTag(b, fieldHashIndex, protowire.VarintType)
		b = protowire.AppendVarint(b, hashIndex)
	}
	b = protowire.AppendTag(b, fieldData, protowire.BytesType)
	a.records = protowire.AppendBytes(b, r.Data)
}

// intern gives text's index in a table, to which it appends a text not yet there.
func intern(indexes map[string]uint64, table []byte, field protowire.Number, text string) (uint64, []byte) {
	if at, known := indexes[text]; known {
		return at, table
	}
	at := uint64(len(indexes))
	indexes[text] = at
	table = protowire.AppendTag(table, field, protowire.BytesType)
	return at, protowire.AppendString(table, text)
}

// stored is the record to put: what was added, in memory of its own.
func (a *aggregate) stored() Record {
	data := make([]byte, 0, a.size())
	data = append(data, aggregateMagic...)
	data = append(data, a.keyTable...)
	data = append(data, a.hashTable...)
	data = append(data, a.records...)
	sum := md5.Sum(data[len(aggregateMagic):])
	return Record{PartitionKey: aggregateOuterKey, ExplicitHashKey: a.outerWhere.String(), Data: append(data, sum[:]...)}
}
