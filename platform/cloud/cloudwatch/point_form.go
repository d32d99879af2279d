package cloudwatch

import (
	"encoding/binary"
	"errors"
	"math"
	"time"
)

// pointForm is the first byte of a point.
const pointForm = 1

const flagOpaque = 1

func (p *point) encode() []byte {
	flags := byte(0)
	if p.opaque {
		flags |= flagOpaque
	}
	to := []byte{pointForm, flags, p.coarse}
	to = binary.BigEndian.AppendUint64(to, uint64(p.written.UnixNano()))
	for _, v := range []float64{p.count, p.sum, p.low, p.high} {
		to = binary.BigEndian.AppendUint64(to, math.Float64bits(v))
	}
	to = binary.AppendUvarint(to, uint64(len(p.bins)))
	before := int64(0)
	for _, b := range p.bins {
		to = binary.AppendVarint(to, int64(b.key)-before)
		before = int64(b.key)
		to = appendNumber(appendNumber(to, b.count), b.sum)
	}
	return to
}

// appendNumber writes whole numbers, which most counts and many sums are, in few
// bytes: what begins even is one, odd says that all the bits follow.
func appendNumber(to []byte, v float64) []byte {
	if v >= 0 && v < 1<<52 && float64(uint64(v)) == v {
		return binary.AppendUvarint(to, uint64(v)<<1)
	}
	return binary.BigEndian.AppendUint64(append(to, 1), math.Float64bits(v))
}

var errPoint = errors.New("it is cut short or of an unknown form")

func decodePoint(from []byte) (*point, error) {
	const fixed = 3 + 8 + 4*8
	if len(from) < fixed || from[0] != pointForm {
		return nil, errPoint
	}
	p := &point{}
	p.opaque, p.coarse = from[1]&flagOpaque != 0, from[2]
	p.written = time.Unix(0, int64(binary.BigEndian.Uint64(from[3:])))
	for i, v := range []*float64{&p.count, &p.sum, &p.low, &p.high} {
		*v = math.Float64frombits(binary.BigEndian.Uint64(from[11+8*i:]))
	}
	r := bytesReader{rest: from[fixed:]}
	bins := r.uvarint()
	for key := int64(0); bins > 0 && !r.short; bins-- {
		key += r.varint()
		p.bins = append(p.bins, bin{int32(key), r.number(), r.number()})
	}
	if r.short {
		return nil, errPoint
	}
	return p, nil
}

// bytesReader reads numbers until there is none left, and then zeros.
type bytesReader struct {
	rest  []byte
	short bool
}

func (r *bytesReader) take(n int) {
	if n <= 0 || n > len(r.rest) {
		r.short = true
		return
	}
	r.rest = r.rest[n:]
}

func (r *bytesReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.rest)
	r.take(n)
	return v
}

func (r *bytesReader) varint() int64 {
	v, n := binary.Varint(r.rest)
	r.take(n)
	return v
}

func (r *bytesReader) number() float64 {
	n := r.uvarint()
	if n&1 == 0 {
		return float64(n >> 1)
	}
	if len(r.rest) < 8 {
		r.short = true
		return 0
	}
	v := math.Float64frombits(binary.BigEndian.Uint64(r.rest))
	r.take(8)
	return v
}
