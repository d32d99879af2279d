package kinesis

import (
	"cmp"
	"crypto/md5" //nolint:gosec // AWS defines the hash key as an MD5.
	"encoding/binary"
	"math/bits"
)

// hashKey is a point of the 128-bit space that shards divide among themselves.
type hashKey struct{ hi, lo uint64 }

func maxHashKey() hashKey { return hashKey{hi: ^uint64(0), lo: ^uint64(0)} }

// hashOf is the MD5 of a partition key's UTF-8 bytes as a big-endian integer.
func hashOf(partitionKey string) hashKey {
	sum := md5.Sum([]byte(partitionKey)) //nolint:gosec // see the import
	return hashKey{hi: binary.BigEndian.Uint64(sum[:8]), lo: binary.BigEndian.Uint64(sum[8:])}
}

// parseHashKey reads a decimal hash key; ok is false beyond 2^128−1.
func parseHashKey(text string) (key hashKey, ok bool) {
	w, ok := parseWide(text)
	if !ok || w[0] != 0 {
		return hashKey{}, false
	}
	return hashKey{hi: w[1], lo: w[2]}, true
}

// String is the decimal form AWS writes.
func (k hashKey) String() string { return string(wide{0, k.hi, k.lo}.appendDecimal(nil)) }

func (k hashKey) compare(other hashKey) int {
	return cmp.Or(cmp.Compare(k.hi, other.hi), cmp.Compare(k.lo, other.lo))
}

func (k hashKey) add(n uint64) hashKey {
	lo, carry := bits.Add64(k.lo, n, 0)
	return hashKey{hi: k.hi + carry, lo: lo}
}

func (k hashKey) sub(n uint64) hashKey {
	lo, borrow := bits.Sub64(k.lo, n, 0)
	return hashKey{hi: k.hi - borrow, lo: lo}
}

// hashRange is the inclusive range of hash keys a shard owns.
type hashRange struct{ start, end hashKey }

// evenRanges divides the whole space into n ranges of floor(2^128/n) keys; the
// last one absorbs the remainder.
func evenRanges(n int) []hashRange {
	if n == 1 {
		return []hashRange{{end: maxHashKey()}}
	}
	// 2^128/n by long division: the leading 1 is the remainder of the first step.
	divisor := uint64(n)
	hi, rem := bits.Div64(1, 0, divisor)
	lo, _ := bits.Div64(rem, 0, divisor)
	ranges := make([]hashRange, n)
	var start hashKey
	for i := range ranges {
		next := hashKey{hi: start.hi + hi}
		var carry uint64
		next.lo, carry = bits.Add64(start.lo, lo, 0)
		next.hi += carry
		ranges[i] = hashRange{start: start, end: next.sub(1)}
		start = next
	}
	ranges[n-1].end = maxHashKey()
	return ranges
}

// middle is the first key of the range's second half.
func (r hashRange) middle() hashKey {
	lo, borrow := bits.Sub64(r.end.lo, r.start.lo, 0)
	hi, _ := bits.Sub64(r.end.hi, r.start.hi, borrow)
	half := hashKey{hi: hi >> 1, lo: lo>>1 | hi<<63}
	lo, carry := bits.Add64(r.start.lo, half.lo, 0)
	return hashKey{hi: r.start.hi + half.hi + carry, lo: lo}.add(1)
}
