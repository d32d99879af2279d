package opensearch

import "math/bits"

// bitmap is a set of slots. A word that is not there is empty.
type bitmap []uint64

func newBitmap(slots int) bitmap { return make(bitmap, (slots+63)/64) }

func (b bitmap) has(slot uint32) bool {
	word := int(slot >> 6)
	return word < len(b) && b[word]&(1<<(slot&63)) != 0
}

// set puts slot in; the bitmap must reach so far.
func (b bitmap) set(slot uint32) { b[slot>>6] |= 1 << (slot & 63) }

func (b bitmap) unset(slot uint32) {
	if word := int(slot >> 6); word < len(b) {
		b[word] &^= 1 << (slot & 63)
	}
}

// grown is b with room for so many slots.
func (b bitmap) grown(slots int) bitmap {
	for len(b) < (slots+63)/64 {
		b = append(b, 0)
	}
	return b
}

func (b bitmap) and(other bitmap) {
	for i := range b {
		if i < len(other) {
			b[i] &= other[i]
		} else {
			b[i] = 0
		}
	}
}

func (b bitmap) or(other bitmap) {
	for i := range min(len(b), len(other)) {
		b[i] |= other[i]
	}
}

func (b bitmap) andNot(other bitmap) {
	for i := range min(len(b), len(other)) {
		b[i] &^= other[i]
	}
}

func (b bitmap) count() int {
	n := 0
	for _, word := range b {
		n += bits.OnesCount64(word)
	}
	return n
}

// slots lists the set, ascending.
func (b bitmap) slots() []uint32 {
	out := make([]uint32, 0, b.count())
	for i, word := range b {
		for word != 0 {
			out = append(out, uint32(i<<6+bits.TrailingZeros64(word)))
			word &= word - 1
		}
	}
	return out
}
