package kinesis

import (
	"cmp"
	"crypto/md5"
	"encoding/binary"
	"math/bits"
	"strconv"
	"strings"
)

// hashKey is a place in the 128-bit key space that shards divide among them.
type hashKey struct{ hi, lo uint64 }

func lastHashKey() hashKey { return hashKey{hi: 1<<64 - 1, lo: 1<<64 - 1} }

// hashOf is the place of a partition key without an explicit hash key.
func hashOf(partitionKey string) hashKey {
	sum := md5.Sum([]byte(partitionKey))
	return hashKey{hi: binary.BigEndian.Uint64(sum[:8]), lo: binary.BigEndian.Uint64(sum[8:])}
}

// parseHashKey reads decimal digits; ok is false for anything else and for
// numbers of more than 128 bits.
func parseHashKey(decimal string) (k hashKey, ok bool) {
	if !isDecimal(decimal) {
		return hashKey{}, false
	}
	for i := range len(decimal) {
		over, hi := bits.Mul64(k.hi, 10)
		carry, lo := bits.Mul64(k.lo, 10)
		lo, c := bits.Add64(lo, uint64(decimal[i]-'0'), 0)
		hi, c = bits.Add64(hi, carry, c)
		if over != 0 || c != 0 {
			return hashKey{}, false
		}
		k = hashKey{hi, lo}
	}
	return k, true
}

func (k hashKey) String() string {
	const chunk = 1e19 // the largest power of ten in 64 bits
	hi, rest := bits.Div64(0, k.hi, chunk)
	mid, lo := bits.Div64(rest, k.lo, chunk)
	top, mid := bits.Div64(hi, mid, chunk)
	switch digits := pad(lo); {
	case top > 0:
		return strconv.FormatUint(top, 10) + pad(mid) + digits
	case mid > 0:
		return strconv.FormatUint(mid, 10) + digits
	}
	return strconv.FormatUint(lo, 10)
}

func pad(n uint64) string {
	digits := strconv.FormatUint(n, 10)
	return strings.Repeat("0", 19-len(digits)) + digits
}

func (k hashKey) compare(o hashKey) int {
	return cmp.Or(cmp.Compare(k.hi, o.hi), cmp.Compare(k.lo, o.lo))
}

// next is the place behind k; the last one's is the first.
func (k hashKey) next() hashKey {
	lo, carry := bits.Add64(k.lo, 1, 0)
	return hashKey{hi: k.hi + carry, lo: lo}
}

// hashRange is a shard's part of the key space, both ends included.
type hashRange struct{ from, to hashKey }

func (r hashRange) contains(k hashKey) bool {
	return r.from.compare(k) <= 0 && k.compare(r.to) <= 0
}
