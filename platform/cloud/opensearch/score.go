package opensearch

import (
	"math"
	"strings"
)

// BM25's constants, and the factor that version 2 keeps in front.
const (
	saturation = 1.2
	lengthness = 0.75
)

// bm25 weighs a word: docs have the field, with have the word among them.
func bm25(docs, with, times, length, average float64) float64 {
	idf := math.Log(1 + (docs-with+0.5)/(with+0.5))
	return idf * (saturation + 1) * times / (times + saturation*(1-lengthness+lengthness*length/average))
}

// word is the documents with a word in a text.
func (v *view) word(f *field, word string, boost float64) matched {
	w := f.column.words
	out := v.nothing()
	list := w.postings[word]
	for _, p := range list {
		out.bits.set(p.slot)
	}
	average := float64(w.total) / float64(max(w.docs, 1))
	out.score = func(slot uint32) float64 {
		return boost * bm25(float64(w.docs), float64(len(list)), float64(w.times(word, slot)), float64(w.lengths[slot]), average)
	}
	return out
}

// rarity is the score of a keyword's term, which every document with it gets.
func (v *view) rarity(f *field, term int64, boost float64) float64 {
	c := f.column
	docs, with, values := c.has.count(), 0, 0
	c.scanCounts(func(_ uint32, found int64) {
		values++
		if found == term {
			with++
		}
	})
	return boost * bm25(float64(docs), float64(with), 1, 1, float64(values)/float64(max(docs, 1)))
}

func (c *column) scanCounts(visit func(slot uint32, v int64)) {
	for _, slot := range c.has.slots() {
		c.each(slot, func(v int64) { visit(slot, v) })
	}
}

// evalMatch looks for the words of a text.
func (c *leaf) evalMatch(v *view, f *field) (matched, error) {
	words := analyze(textOf(c.values[0]))
	if len(words) == 0 {
		return v.nothing(), nil
	}
	parts := make([]clause, len(words))
	for i, word := range words {
		parts[i] = wordClause{f, word, c.boost}
	}
	combined := &boolean{should: parts, least: c.least, boost: 1}
	if c.and {
		combined = &boolean{must: parts, boost: 1}
	}
	return combined.eval(v)
}

// wordClause is one word of a match.
type wordClause struct {
	field *field
	word  string
	boost float64
}

func (c wordClause) eval(v *view) (matched, error) { return v.word(c.field, c.word, c.boost), nil }

// exact is the span of values that one value of a query stands for: of a date
// everything that it leaves open.
func (v *view) exact(f *field, value any) (span, error) {
	text := textOf(value)
	if f.kind == kindDate {
		from, err := f.format.dateMath(text, v.now, false)
		if err != nil {
			return span{}, v.failed(asError(err))
		}
		to, err := f.format.dateMath(text, v.now, true)
		return span{from, to}, err
	}
	if f.kind.isInteger() {
		if number, ok := numberOf(value); ok && number != math.Trunc(number) {
			return span{1, 0}, nil // a fraction is no integer's value
		}
	}
	form := byte('0')
	if f.kind == kindBoolean || strings.EqualFold(text, "true") || strings.EqualFold(text, "false") {
		form = 't'
	}
	bits, cause := f.bitsOf([]byte(text), form)
	if cause != nil {
		return span{}, v.failed(cause)
	}
	return span{bits, bits}, nil
}
