package opensearch

import (
	"maps"
	"math"
	"slices"
)

// column is one field's values by slot: typed doc values. Longs and dates (in
// milliseconds) stand for themselves, booleans are 0 and 1, doubles are their
// bits, keywords number their terms. Text has postings beside it.
type column struct {
	field   *field
	values  []int64 // the first value of each slot, up to the last that has one
	has     bitmap
	more    map[uint32][]int64 // second and further values
	terms   []string           // keyword: by number
	numbers map[string]int64   // keyword
	words   *words             // text
}

func newColumn(f *field) *column {
	c := &column{field: f}
	switch f.kind {
	case kindKeyword:
		c.numbers = map[string]int64{}
	case kindText:
		c.words = &words{postings: map[string][]posting{}}
	}
	return c
}

// add gives slot one more value; slots come in ascending order.
func (c *column) add(slot uint32, v int64) {
	c.has = c.has.grown(int(slot) + 1)
	if c.has.has(slot) {
		if c.more == nil {
			c.more = map[uint32][]int64{}
		}
		c.more[slot] = append(c.more[slot], v)
		return
	}
	c.has.set(slot)
	if missing := int(slot) - len(c.values); missing > 0 {
		c.values = append(c.values, make([]int64, missing)...)
	}
	c.values = append(c.values, v)
}

func (c *column) addTerm(slot uint32, term []byte) {
	n, ok := c.numbers[string(term)]
	if !ok {
		n = int64(len(c.terms))
		c.terms = append(c.terms, string(term))
		c.numbers[c.terms[n]] = n
	}
	c.add(slot, n)
}

// each calls visit with every value of a slot, sets of terms each term once.
func (c *column) each(slot uint32, visit func(v int64)) {
	if c == nil || !c.has.has(slot) {
		return
	}
	first := c.values[slot]
	visit(first)
	if len(c.more) == 0 {
		return
	}
	rest := c.more[slot]
	for i, v := range rest {
		if c.field.kind == kindKeyword && (v == first || slices.Contains(rest[:i], v)) {
			continue
		}
		visit(v)
	}
}

// number is v as the number that metrics and ranges see.
func (c *column) number(v int64) float64 {
	if c.field.kind.isFloat() {
		return math.Float64frombits(uint64(v))
	}
	return float64(v)
}

// compact is the column with only the slots that to knows, renumbered.
func (c *column) compact(to map[uint32]uint32, kept []uint32) *column {
	out := newColumn(c.field)
	if c.field.kind == kindText {
		out.words = c.words.compact(to)
		for _, slot := range kept {
			if c.has.has(slot) {
				out.add(to[slot], 0)
			}
		}
		return out
	}
	for _, slot := range kept {
		if !c.has.has(slot) {
			continue
		}
		for _, v := range append([]int64{c.values[slot]}, c.more[slot]...) {
			if c.field.kind == kindKeyword {
				out.addTerm(to[slot], []byte(c.terms[v]))
			} else {
				out.add(to[slot], v)
			}
		}
	}
	return out
}

// words is the inverted index of a text field.
type words struct {
	postings map[string][]posting // slots ascending
	lengths  []uint32             // words by slot
	docs     int
	total    int
}

// posting is a slot that has a word, so many times.
type posting struct {
	slot  uint32
	times uint32
}

func (w *words) add(slot uint32, tokens []string) {
	if missing := int(slot) + 1 - len(w.lengths); missing > 0 {
		w.lengths = append(w.lengths, make([]uint32, missing)...)
	}
	if w.lengths[slot] == 0 && len(tokens) > 0 {
		w.docs++
	}
	w.lengths[slot] += uint32(len(tokens))
	w.total += len(tokens)
	for _, token := range tokens {
		list := w.postings[token]
		if n := len(list); n > 0 && list[n-1].slot == slot {
			list[n-1].times++
			continue
		}
		w.postings[token] = append(list, posting{slot, 1})
	}
}

func (w *words) times(word string, slot uint32) uint32 {
	list := w.postings[word]
	i, found := slices.BinarySearchFunc(list, slot, func(p posting, slot uint32) int { return int(p.slot) - int(slot) })
	if !found {
		return 0
	}
	return list[i].times
}

func (w *words) compact(to map[uint32]uint32) *words {
	out := &words{postings: map[string][]posting{}}
	for word, list := range maps.All(w.postings) {
		var kept []posting
		for _, p := range list {
			if slot, ok := to[p.slot]; ok {
				kept = append(kept, posting{slot, p.times})
			}
		}
		if kept != nil {
			out.postings[word] = kept
		}
	}
	for slot, n := range w.lengths {
		now, ok := to[uint32(slot)]
		if !ok || n == 0 {
			continue
		}
		if missing := int(now) + 1 - len(out.lengths); missing > 0 {
			out.lengths = append(out.lengths, make([]uint32, missing)...)
		}
		out.lengths[now] = n
		out.docs++
		out.total += int(n)
	}
	return out
}
