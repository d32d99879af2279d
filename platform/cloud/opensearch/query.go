package opensearch

import (
	"slices"
	"time"
)

// view is an index as one search sees it. The index is locked for reading.
type view struct {
	ix  *index
	now time.Time
}

// matched is what a clause found: slots, and how well each fits. A bitmap
// belongs to whoever asked for it.
type matched struct {
	bits  bitmap
	score func(slot uint32) float64
}

// clause is a part of a query, parsed once for all indexes.
type clause interface {
	eval(v *view) (matched, error)
}

func constant(score float64) func(uint32) float64 { return func(uint32) float64 { return score } }

func (v *view) nothing() matched { return matched{newBitmap(len(v.ix.slots)), constant(0)} }

func (v *view) field(path string) *field { return v.ix.mapping.byPath[path] }

// failed is an error in a query that only an index's mapping brings to light.
func (v *view) failed(cause *Error) error {
	return &Error{
		Type: "query_shard_exception", Reason: "failed to create query: " + cause.Reason, Status: 400,
		Extra: map[string]any{"index": v.ix.name, "index_uuid": v.ix.uuid},
	}
}

// all matches every document, or none.
type all struct {
	none  bool
	boost float64
}

func (c all) eval(v *view) (matched, error) {
	if c.none {
		return v.nothing(), nil
	}
	return matched{slices.Clone(v.ix.live), constant(c.boost)}, nil
}

// boolean combines clauses.
type boolean struct {
	must, filter, should, mustNot []clause
	least                         func(should int) int // nil: 1 without must and filter, else 0
	boost                         float64
}

func (c *boolean) eval(v *view) (matched, error) {
	out := matched{bits: slices.Clone(v.ix.live)}
	var scored, optional []matched
	for _, part := range slices.Concat(c.must, c.filter) {
		m, err := part.eval(v)
		if err != nil {
			return m, err
		}
		out.bits.and(m.bits)
		if len(scored) < len(c.must) {
			scored = append(scored, m)
		}
	}
	for _, part := range c.mustNot {
		m, err := part.eval(v)
		if err != nil {
			return m, err
		}
		out.bits.andNot(m.bits)
	}
	for _, part := range c.should {
		m, err := part.eval(v)
		if err != nil {
			return m, err
		}
		optional = append(optional, m)
	}
	least := 0
	if c.least != nil && len(c.should)+len(c.must)+len(c.filter) > 0 { // must_not alone is asked nothing else
		least = c.least(len(c.should))
	}
	if len(c.should) > 0 && len(c.must)+len(c.filter) == 0 {
		least = max(least, 1) // something must match, whatever is asked for
	}
	out.bits.and(atLeast(least, optional, out.bits))
	boost := c.boost
	plain := len(scored)+len(optional) == 0 && len(c.filter) == 0 // must_not alone
	out.score = func(slot uint32) float64 {
		sum := 0.0
		if plain {
			return 0
		}
		for _, m := range scored {
			sum += m.score(slot)
		}
		for _, m := range optional {
			if m.bits.has(slot) {
				sum += m.score(slot)
			}
		}
		return sum * boost
	}
	if len(c.must)+len(c.filter)+len(c.should)+len(c.mustNot) == 0 { // an empty bool matches everything
		out.score = constant(boost)
	}
	return out, nil
}

// atLeast is the slots of within that so many of sets have.
func atLeast(least int, sets []matched, within bitmap) bitmap {
	switch {
	case least <= 0:
		return within
	case least > len(sets):
		return nil
	case least == 1:
		union := make(bitmap, len(within))
		for _, m := range sets {
			union.or(m.bits)
		}
		return union
	}
	out := make(bitmap, len(within))
	for _, slot := range within.slots() {
		n := 0
		for _, m := range sets {
			if m.bits.has(slot) {
				n++
			}
		}
		if n >= least {
			out.set(slot)
		}
	}
	return out
}

// constantScore gives what a filter finds the same score.
type constantScore struct {
	filter clause
	boost  float64
}

func (c constantScore) eval(v *view) (matched, error) {
	m, err := c.filter.eval(v)
	m.score = constant(c.boost)
	return m, err
}
