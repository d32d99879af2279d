package opensearch

import (
	"math"
	"strconv"
)

// termsAggregation has a bucket for each value of a field.
type termsAggregation struct {
	*aggregation
	path   string
	size   int
	least  int
	orders []ordering
}

func (a *aggregation) parseTerms() (computing, error) {
	err := a.only([]string{"field", "size", "shard_size", "order", "min_doc_count", "shard_min_doc_count", "execution_hint", "collect_mode"},
		[]string{"script", "missing", "include", "exclude", "format", "value_type", "show_term_doc_count_error"})
	if err != nil {
		return nil, err
	}
	t := &termsAggregation{aggregation: a, size: 10, least: 1}
	if t.path, err = a.fieldName(); err != nil {
		return nil, err
	}
	if value, ok := a.body["size"]; ok {
		if t.size, err = strconv.Atoi(textOf(value)); err != nil || t.size <= 0 {
			return nil, illegal("[size] must be greater than 0. Found [%s] in [%s]", textOf(value), a.name)
		}
	}
	if value, ok := a.body["min_doc_count"]; ok {
		if t.least, err = strconv.Atoi(textOf(value)); err != nil || t.least < 0 {
			return nil, illegal("[min_doc_count] must be greater than or equal to 0. Found [%s] in [%s]", textOf(value), a.name)
		}
		if t.least == 0 {
			return nil, gap("[terms] aggregations with a min_doc_count of 0")
		}
	}
	t.orders, err = a.parseOrder(ordering{path: []string{"_count"}, descend: true}, ordering{path: []string{"_key"}})
	return t, err
}

func (t *termsAggregation) collect(v *view, slots []uint32) (partial, error) {
	column, err := t.column(v, t.path, false)
	if err != nil {
		return nil, err
	}
	out := &buckets{of: t.aggregation, byKey: map[bucketKey]*bucket{}, finish: t.finish, column: column}
	if column == nil {
		return out, nil
	}
	assign, keys := column.numbered()
	out.byKey, err = t.divide(v, slots, assign, keys)
	return out, err
}

// numbered gives each value that slots have a small number.
func (c *column) numbered() (assign func(uint32, func(int)), keys func(int) bucketKey) {
	if c.field.kind == kindKeyword {
		return func(slot uint32, put func(int)) {
			c.each(slot, func(n int64) { put(int(n)) })
		}, func(n int) bucketKey { return bucketKey{s: c.terms[n]} }
	}
	numbers := map[int64]int{}
	var values []int64
	return func(slot uint32, put func(int)) {
			var done []int
			c.each(slot, func(v int64) {
				n, ok := numbers[v]
				if !ok {
					n = len(values)
					numbers[v] = n
					values = append(values, v)
				}
				if len(c.more) > 0 { // a value that stands twice counts once
					for _, d := range done {
						if d == n {
							return
						}
					}
					done = append(done, n)
				}
				put(n)
			})
		}, func(n int) bucketKey {
			if c.field.kind.isFloat() {
				return bucketKey{f: math.Float64frombits(uint64(values[n]))}
			}
			return bucketKey{i: values[n]}
		}
}

// finish shows the first so many buckets and counts the rest.
func (t *termsAggregation) finish(b *buckets) (map[string]any, error) {
	list, err := b.sorted(t.orders)
	if err != nil {
		return nil, err
	}
	shown, other := []any{}, 0
	for _, one := range list {
		if one.count < t.least {
			continue
		}
		if len(shown) == t.size {
			other += one.count
			continue
		}
		if len(shown) > bucketsMax {
			return nil, errBuckets(len(shown))
		}
		rendered, err := b.shown(one)
		if err != nil {
			return nil, err
		}
		b.keyOf(rendered, one.key)
		shown = append(shown, rendered)
	}
	return map[string]any{"doc_count_error_upper_bound": 0, "sum_other_doc_count": other, "buckets": shown}, nil
}

// filterAggregation looks at the documents that a query finds.
type filterAggregation struct {
	*aggregation
	filter clause
}

// filtering is its result.
type filtering struct {
	of    *aggregation
	count int
	subs  []partial
}

func (f *filterAggregation) collect(v *view, slots []uint32) (partial, error) {
	m, err := f.filter.eval(v)
	if err != nil {
		return nil, err
	}
	kept := make([]uint32, 0, len(slots))
	for _, slot := range slots {
		if m.bits.has(slot) {
			kept = append(kept, slot)
		}
	}
	out := &filtering{f.aggregation, len(kept), make([]partial, len(f.subs))}
	return out, collectAll(f.subs, v, kept, out.subs)
}

func (r *filtering) merge(other partial) {
	o := other.(*filtering)
	r.count += o.count
	mergeAll(r.subs, o.subs)
}

func (r *filtering) render() (map[string]any, error) {
	out, err := renderAll(r.of.subs, r.subs)
	if err != nil {
		return nil, err
	}
	out["doc_count"] = r.count
	return out, nil
}
