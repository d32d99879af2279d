package kinesis

import (
	"errors"
	"math"
)

// sequence is what a sequence number encodes, in the "version 2" layout
// observed on AWS. In hex digits from the top: 2 · shard creation second (9) ·
// shard index mod 16 (1) · counter (16) · 00 · put second (9) · shard index (8) · 2.
//
// The counter decides the order within a shard: it grows by one per record, so
// numbers rise strictly even when the clock steps back. A child shard's
// creation second is above its parents', so numbers of one partition key rise
// across resharding too.
type sequence struct {
	createdSecond int64 // of the shard
	shard         uint32
	counter       uint64
	putSecond     int64
}

const (
	sequenceVersion = 2
	secondBits      = 36
	// endCounter marks the number that ends a closed shard's range.
	endCounter = math.MaxInt64
)

var errNotSequence = errors.New("not a sequence number of this layout")

func (s sequence) wide() wide {
	put := uint64(s.putSecond) & (1<<secondBits - 1)
	created := uint64(s.createdSecond) & (1<<secondBits - 1)
	return wide{
		sequenceVersion<<56 | created<<20 | uint64(s.shard&0xf)<<16 | s.counter>>48,
		s.counter<<16 | put>>28,
		put<<36 | uint64(s.shard)<<4 | sequenceVersion,
	}
}

// appendText appends the decimal number to dst.
func (s sequence) appendText(dst []byte) []byte { return s.wide().appendDecimal(dst) }

// String is the decimal number, 56 digits.
func (s sequence) String() string { return string(s.appendText(make([]byte, 0, 56))) }

// parseSequence decodes a decimal sequence number.
func parseSequence(text string) (sequence, error) {
	w, ok := parseWide(text)
	if !ok || w[0]>>56 != sequenceVersion || w[2]&0xf != sequenceVersion {
		return sequence{}, errNotSequence
	}
	s := sequence{
		createdSecond: int64(w[0] >> 20 & (1<<secondBits - 1)),
		shard:         uint32(w[2] >> 4),
		counter:       w[0]<<48 | w[1]>>16,
		putSecond:     int64(w[1]&0xff<<28 | w[2]>>36),
	}
	if uint64(s.shard&0xf) != w[0]>>16&0xf || s.counter > endCounter {
		return sequence{}, errNotSequence
	}
	return s, nil
}
