package window

import (
	"encoding/binary"
	"errors"
	"math"
)

// Stats is an accumulator of numbers: how many, sum, mean, least and greatest.
// The zero value has none. Numbers are held as whole millionths, so that a sum
// is the same in every order, and so that panes merge to what events add up to;
// a sum beyond ±9.2e12 overflows.
type Stats struct {
	n         uint64
	millionth int64
	min, max  int64
}

// Numbers a Stats takes lie within ±statsMax.
const (
	statsMax  = 1e9
	millionth = 1e6
)

// Add counts a number, rounded to millionths. It takes none beyond ±1e9 and
// none that is not a number, and tells whether it took it.
func (s *Stats) Add(value float64) bool {
	if !(math.Abs(value) <= statsMax) {
		return false
	}
	scaled := int64(math.Round(value * millionth))
	s.Merge(&Stats{n: 1, millionth: scaled, min: scaled, max: scaled})
	return true
}

// Merge counts what another has counted.
func (s *Stats) Merge(from *Stats) {
	switch {
	case from.n == 0:
	case s.n == 0:
		*s = *from
	default:
		s.n += from.n
		s.millionth += from.millionth
		s.min, s.max = min(s.min, from.min), max(s.max, from.max)
	}
}

// Count is how many numbers were added.
func (s *Stats) Count() uint64 { return s.n }

// Sum is the sum of all numbers.
func (s *Stats) Sum() float64 { return float64(s.millionth) / millionth }

// Mean is their mean, 0 if there are none.
func (s *Stats) Mean() float64 {
	if s.n == 0 {
		return 0
	}
	return s.Sum() / float64(s.n)
}

// Min is the least of them, 0 if there are none.
func (s *Stats) Min() float64 { return float64(s.min) / millionth }

// Max is the greatest of them, 0 if there are none.
func (s *Stats) Max() float64 { return float64(s.max) / millionth }

// Append writes the accumulator; Reader.Stats reads it.
func (s *Stats) Append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, s.n)
	if s.n == 0 {
		return dst
	}
	dst = binary.AppendVarint(dst, s.millionth)
	dst = binary.AppendVarint(dst, s.min)
	return binary.AppendVarint(dst, s.max)
}

// Stats reads what Stats.Append wrote.
func (r *Reader) Stats() Stats {
	s := Stats{n: r.Uvarint()}
	if s.n > 0 {
		s.millionth, s.min, s.max = r.Varint(), r.Varint(), r.Varint()
	}
	if s.min > s.max {
		r.fail(errors.New("the least number is above the greatest"))
	}
	return s
}
