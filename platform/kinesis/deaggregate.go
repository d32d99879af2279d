package kinesis

import (
	"bytes"
	"crypto/md5"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
)

// AggregateError says that not all user records of an aggregate could be taken.
type AggregateError struct {
	SequenceNumber string // of the stored record
	Taken          int    // user records before the problem that were taken
	Problem        string
}

func (e *AggregateError) Error() string {
	return fmt.Sprintf("aggregated record %s: took %d user records, then %s", e.SequenceNumber, e.Taken, e.Problem)
}

// Deaggregate gives the user records inside a stored record as it was received:
// itself, where it is plain. It is for readers that get records by other ways
// than a Consumer, such as a function that Lambda invokes. Those are not told
// their shard's hash range, so unlike a Consumer, and like Amazon's own modules
// for functions, it cannot discard aggregates that a reshard made land on the
// wrong shard: their producer puts such records again, so they come twice.
//
// An error is always an AggregateError: the message is whole, but names keys
// that it does not hold. The user records before that place are returned with it.
// Data lies in r's memory.
func Deaggregate(r ReceivedRecord) ([]ReceivedRecord, error) {
	return deaggregate(nil, r, hashRange{to: lastHashKey()}, nil)
}

// deaggregate appends r's user records to out by the rules of Amazon's Kinesis
// Client Library: a record is plain if the magic is missing, no more than the
// digest follows, the digest is wrong or the message is invalid. One user
// record whose hash is not within drops the whole aggregate. One that names a
// key outside the tables ends it. A cache of keys is optional.
func deaggregate(out []ReceivedRecord, r ReceivedRecord, within hashRange, cache *placeCache) ([]ReceivedRecord, error) {
	message, ok := aggregateMessage(r.Data)
	if !ok {
		return append(out, r), nil
	}
	tables, ok := checkAggregate(message, cache)
	if !ok {
		return append(out, r), nil
	}
	start := len(out)
	out = slices.Grow(out, tables.userCount)
	for rest := message; len(rest) > 0; {
		number, kind, value, n := field(rest)
		rest = rest[n:]
		if number != fieldRecords || kind != protowire.BytesType {
			continue
		}
		inner, _ := parseUserRecord(value)
		user := r
		user.Aggregated, user.SubSequence, user.Data = true, len(out)-start, inner.data
		where, outside, problem := tables.place(inner, &user)
		if problem != "" && !outside {
			return out, &AggregateError{SequenceNumber: r.SequenceNumber, Taken: len(out) - start, Problem: problem}
		}
		if outside || !within.contains(where) {
			return out[:start], &AggregateError{
				SequenceNumber: r.SequenceNumber,
				Problem:        fmt.Sprintf("dropped it whole, because key %q belongs to another shard", user.PartitionKey),
			}
		}
		out = append(out, user)
	}
	return out, nil
}

// aggregateMessage is the protobuf message inside data, if its frame is right.
func aggregateMessage(data []byte) (message []byte, ok bool) {
	body, ok := bytes.CutPrefix(data, []byte(aggregateMagic))
	if !ok || len(body) <= md5.Size {
		return nil, false
	}
	message = body[:len(body)-md5.Size]
	sum := md5.Sum(message)
	return message, bytes.Equal(sum[:], body[len(message):])
}

// keyTables are an aggregate's two tables. Each place is computed when it is
// first needed, since many user records may share a key.
type keyTables struct {
	keys      []tableEntry
	hashKeys  []tableEntry
	userCount int
}

type tableEntry struct {
	text   string
	where  hashKey
	placed bool
}

// checkAggregate checks every field of a message, without believing any length
// it names, and reads its tables; ok is false for an invalid one.
func checkAggregate(message []byte, cache *placeCache) (t *keyTables, ok bool) {
	var keys, hashKeys, users int // counted first, so that hostile input costs no more than its size
	for rest := message; len(rest) > 0; {
		number, kind, value, n := field(rest)
		if n < 0 {
			return nil, false
		}
		rest = rest[n:]
		if kind != protowire.BytesType {
			continue // as any unknown field
		}
		switch number {
		case fieldKeyTable:
			keys++
		case fieldHashTable:
			hashKeys++
		case fieldRecords:
			if _, ok := parseUserRecord(value); !ok {
				return nil, false
			}
			users++
		}
	}
	t = &keyTables{keys: make([]tableEntry, 0, keys), hashKeys: make([]tableEntry, 0, hashKeys), userCount: users}
	for rest := message; len(rest) > 0 && len(t.keys)+len(t.hashKeys) < keys+hashKeys; {
		number, kind, value, n := field(rest)
		rest = rest[n:]
		switch {
		case kind != protowire.BytesType:
		case number == fieldKeyTable && cache != nil:
			key, where := cache.known(value)
			t.keys = append(t.keys, tableEntry{text: key, where: where, placed: true})
		case number == fieldKeyTable:
			t.keys = append(t.keys, tableEntry{text: text(value)})
		case number == fieldHashTable:
			t.hashKeys = append(t.hashKeys, tableEntry{text: text(value)})
		}
	}
	return t, true
}

// text is a string field, which protobuf lets be any bytes: what is no UTF-8 is
// replaced, though not always by as many characters as in Java.
func text(value []byte) string {
	return strings.ToValidUTF8(string(value), "\uFFFD")
}

// userRecord is one Record message.
type userRecord struct {
	keyIndex  uint64
	hashIndex uint64
	hasHash   bool
	data      []byte
}

// parseUserRecord fails on an invalid message and on one without a required field.
func parseUserRecord(message []byte) (u userRecord, ok bool) {
	var hasKey, hasData bool
	for rest := message; len(rest) > 0; {
		number, kind, value, n := field(rest)
		if n < 0 {
			return u, false
		}
		rest = rest[n:]
		switch {
		case number == fieldKeyIndex && kind == protowire.VarintType:
			u.keyIndex, _ = protowire.ConsumeVarint(value)
			hasKey = true
		case number == fieldHashIndex && kind == protowire.VarintType:
			u.hashIndex, _ = protowire.ConsumeVarint(value)
			u.hasHash = true
		case number == fieldData && kind == protowire.BytesType:
			u.data, hasData = value[:len(value):len(value)], true
		case number == fieldTags && kind == protowire.BytesType:
			if !isTag(value) {
				return u, false
			}
		}
	}
	return u, hasKey && hasData
}

func isTag(message []byte) (ok bool) {
	for len(message) > 0 {
		number, kind, _, n := field(message)
		if n < 0 {
			return false
		}
		message = message[n:]
		ok = ok || number == fieldTagKey && kind == protowire.BytesType
	}
	return ok
}

// field reads the next field; n is its length in all, or negative. value is
// the content of a bytes field and the whole value of any other.
func field(b []byte) (number protowire.Number, kind protowire.Type, value []byte, n int) {
	number, kind, tag := protowire.ConsumeTag(b)
	if tag < 0 {
		return 0, 0, nil, tag
	}
	if kind == protowire.BytesType {
		value, length := protowire.ConsumeBytes(b[tag:])
		if length < 0 {
			return 0, 0, nil, length
		}
		return number, kind, value, tag + length
	}
	length := protowire.ConsumeFieldValue(number, kind, b[tag:])
	if length < 0 {
		return 0, 0, nil, length
	}
	return number, kind, b[tag : tag+length], tag + length
}

// place fills in the keys of a user record and says where they lie in the key
// space, or what is wrong with them: outside means in no shard at all.
func (t *keyTables) place(u userRecord, user *ReceivedRecord) (where hashKey, outside bool, problem string) {
	key, ok := at(t.keys, u.keyIndex)
	if !ok {
		return hashKey{}, false, fmt.Sprintf("found no partition key %d", u.keyIndex)
	}
	user.PartitionKey, user.ExplicitHashKey = key.text, ""
	if !u.hasHash {
		if !key.placed {
			key.where, key.placed = hashOf(key.text), true
		}
		return key.where, false, ""
	}
	explicit, ok := at(t.hashKeys, u.hashIndex)
	if !ok {
		return hashKey{}, false, fmt.Sprintf("found no explicit hash key %d", u.hashIndex)
	}
	user.ExplicitHashKey = explicit.text
	if !explicit.placed {
		if explicit.where, outside, explicit.placed = parseSigned(explicit.text); !explicit.placed {
			return hashKey{}, outside, fmt.Sprintf("found explicit hash key %q", explicit.text)
		}
	}
	return explicit.where, false, ""
}

// parseSigned takes numbers as freely as Java does; outside is one beyond all shards.
func parseSigned(text string) (where hashKey, outside, ok bool) {
	negative := strings.HasPrefix(text, "-")
	if negative || strings.HasPrefix(text, "+") {
		text = text[1:]
	}
	where, ok = parseHashKey(text)
	ok = ok && (!negative || where == hashKey{})
	return where, !ok && isDecimal(text), ok
}

// at looks an index up as Java clients do, which cut it to 32 bits.
func at(table []tableEntry, index uint64) (*tableEntry, bool) {
	i := int64(uint32(index))
	if i >= int64(len(table)) {
		return nil, false
	}
	return &table[i], true
}
