package opensearch

import (
	"cmp"
	"strings"
)

// bucketKey is what a bucket stands for: a text, an integer or a double.
type bucketKey struct {
	s string
	i int64
	f float64
}

func (k bucketKey) compare(o bucketKey) int {
	return cmp.Or(cmp.Compare(k.f, o.f), cmp.Compare(k.i, o.i), strings.Compare(k.s, o.s))
}

// bucket is documents that share a key, and the aggregations over them.
type bucket struct {
	key   bucketKey
	count int
	subs  []partial
}

// buckets is the result of an aggregation that divides.
type buckets struct {
	of    *aggregation
	byKey map[bucketKey]*bucket
	empty func() ([]partial, error) // aggregations over nothing, for gaps
	// finish puts the buckets in order and names them.
	finish func(b *buckets) (map[string]any, error)
	column *column // how keys read; nil where no index has the field
}

func (b *buckets) merge(other partial) {
	o := other.(*buckets)
	for key, theirs := range o.byKey {
		if ours := b.byKey[key]; ours != nil {
			ours.count += theirs.count
			mergeAll(ours.subs, theirs.subs)
		} else {
			b.byKey[key] = theirs
		}
	}
	if b.column == nil {
		b.column = o.column
	}
}

func (b *buckets) render() (map[string]any, error) { return b.finish(b) }

// divide makes the buckets of one index. assign calls put with the number of
// each bucket that a slot is in, small numbers given in order of need; keys
// are by number.
func (a *aggregation) divide(v *view, slots []uint32, assign func(slot uint32, put func(n int)), keys func(n int) bucketKey) (map[bucketKey]*bucket, error) {
	var counts []int
	count := func(n int) {
		for n >= len(counts) {
			counts = append(counts, 0)
		}
		counts[n]++
	}
	for _, slot := range slots {
		assign(slot, count)
	}
	parts := a.parts(slots, counts, assign)
	out := make(map[bucketKey]*bucket, len(counts))
	for n, c := range counts {
		if c == 0 {
			continue
		}
		made := &bucket{key: keys(n), count: c, subs: make([]partial, len(a.subs))}
		if len(a.subs) > 0 {
			if err := collectAll(a.subs, v, parts[n], made.subs); err != nil {
				return nil, err
			}
		}
		out[made.key] = made
	}
	return out, nil
}

// parts lists the slots of each bucket, if anything is computed inside.
func (a *aggregation) parts(slots []uint32, counts []int, assign func(slot uint32, put func(n int))) [][]uint32 {
	if len(a.subs) == 0 {
		return nil
	}
	total := 0
	for _, c := range counts {
		total += c
	}
	whole := make([]uint32, total)
	parts := make([][]uint32, len(counts))
	at := 0
	for n, c := range counts {
		parts[n] = whole[at : at : at+c]
		at += c
	}
	for _, slot := range slots {
		assign(slot, func(n int) { parts[n] = append(parts[n], slot) })
	}
	return parts
}

// nothing is the aggregations inside, over no documents.
func (a *aggregation) nothing(v *view) func() ([]partial, error) {
	return func() ([]partial, error) {
		out := make([]partial, len(a.subs))
		return out, collectAll(a.subs, v, nil, out)
	}
}

// shown is a bucket in a reply, still without its key.
func (b *buckets) shown(one *bucket) (map[string]any, error) {
	out, err := renderAll(b.of.subs, one.subs)
	if err != nil {
		return nil, err
	}
	out["doc_count"] = one.count
	return out, nil
}

// keyOf writes a bucket's key as its field has it.
func (b *buckets) keyOf(out map[string]any, k bucketKey) {
	if b.column == nil {
		return
	}
	switch f := b.column.field; {
	case f.kind == kindKeyword:
		out["key"] = k.s
	case f.kind == kindDate:
		out["key"], out["key_as_string"] = k.i, f.format.format(k.i)
	case f.kind == kindBoolean:
		out["key"], out["key_as_string"] = k.i, []string{"false", "true"}[k.i&1]
	case f.kind.isFloat():
		out["key"] = double(k.f)
	default:
		out["key"] = k.i
	}
}
