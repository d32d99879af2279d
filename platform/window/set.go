package window

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// Set is an accumulator of distinct values, exact. The zero value is empty. It
// is a sorted slice: compact in memory and in saved state, and fast to ask; a
// new value in between moves those behind it, so it is for sets up to some ten
// thousands of values.
type Set[T cmp.Ordered] struct{ values []T }

// Add adds a value and tells whether it is new.
func (s *Set[T]) Add(value T) bool {
	if n := len(s.values); n == 0 || s.values[n-1] < value {
		s.values = append(s.values, value)
		return true
	}
	i, found := slices.BinarySearch(s.values, value)
	if !found {
		s.values = slices.Insert(s.values, i, value)
	}
	return !found
}

// Merge adds the values of another set, which shares nothing with s after it.
func (s *Set[T]) Merge(from *Set[T]) {
	if len(s.values) == 0 || len(from.values) == 0 {
		s.values = append(s.values, from.values...)
		return
	}
	missing := 0
	for i, j := 0, 0; j < len(from.values); {
		switch {
		case i == len(s.values) || from.values[j] < s.values[i]:
			missing++
			j++
		case from.values[j] == s.values[i]:
			j++
		default:
			i++
		}
	}
	s.fill(from.values, missing)
}

// fill merges sorted values of which so many are missing, from behind.
func (s *Set[T]) fill(from []T, missing int) {
	i, j := len(s.values)-1, len(from)-1
	s.values = slices.Grow(s.values, missing)[:len(s.values)+missing]
	for at := len(s.values) - 1; missing > 0; at-- {
		if i < 0 || j >= 0 && from[j] > s.values[i] {
			s.values[at] = from[j]
			missing--
			j--
			continue
		}
		if j >= 0 && from[j] == s.values[i] {
			j--
		}
		s.values[at] = s.values[i]
		i--
	}
}

// Len is how many distinct values were added.
func (s *Set[T]) Len() int { return len(s.values) }

// Has tells whether a value was added.
func (s *Set[T]) Has(value T) bool {
	_, found := slices.BinarySearch(s.values, value)
	return found
}

// Values lists the values in order; the slice is the set's own.
func (s *Set[T]) Values() []T { return s.values }

// AppendNumbers writes a set of numbers as the differences between them;
// Reader.Numbers reads it.
func AppendNumbers(dst []byte, s *Set[uint64]) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s.values)))
	last := uint64(0)
	for _, value := range s.values {
		dst = binary.AppendUvarint(dst, value-last)
		last = value
	}
	return dst
}

// Numbers reads what AppendNumbers wrote.
func (r *Reader) Numbers() Set[uint64] {
	n := r.Count()
	s := Set[uint64]{values: make([]uint64, 0, n)}
	last := uint64(0)
	for i := range n {
		value := last + r.Uvarint()
		if i > 0 && value <= last {
			r.fail(errors.New("numbers are not ascending"))
		}
		s.values = append(s.values, value)
		last = value
	}
	return s
}

// AppendTexts writes a set of texts, of each only what differs from the one
// before; Reader.Texts reads it.
func AppendTexts(dst []byte, s *Set[string]) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s.values)))
	last := ""
	for _, value := range s.values {
		same := 0
		for same < min(len(last), len(value)) && last[same] == value[same] {
			same++
		}
		dst = binary.AppendUvarint(dst, uint64(same))
		dst = binary.AppendUvarint(dst, uint64(len(value)-same))
		dst = append(dst, value[same:]...)
		last = value
	}
	return dst
}

// Texts reads what AppendTexts wrote.
func (r *Reader) Texts() Set[string] {
	n := r.Count()
	s := Set[string]{values: make([]string, 0, n)}
	last := ""
	for i := range n {
		same := r.Uvarint()
		if same > uint64(len(last)) {
			r.fail(fmt.Errorf("%d bytes of a text of %d", same, len(last)))
			same = 0
		}
		value := last[:same] + string(r.Bytes(r.Count()))
		if i > 0 && value <= last {
			r.fail(errors.New("texts are not ascending"))
		}
		s.values = append(s.values, value)
		last = value
	}
	return s
}
