package opensearch

import (
	"math"
	"slices"
)

// rangesAggregation has a bucket for each of some ranges of numbers, from
// inclusive, to exclusive.
type rangesAggregation struct {
	*aggregation
	path   string
	ranges []numberRange
	keyed  bool
}

type numberRange struct {
	key      string
	from, to float64
}

func (a *aggregation) parseRanges() (computing, error) {
	if err := a.only([]string{"field", "ranges", "keyed"}, []string{"script", "missing", "format", "value_type"}); err != nil {
		return nil, err
	}
	r := &rangesAggregation{aggregation: a, keyed: textOf(a.body["keyed"]) == "true"}
	var err error
	if r.path, err = a.fieldName(); err != nil {
		return nil, err
	}
	list, ok := a.body["ranges"].([]any)
	if !ok || len(list) == 0 {
		return nil, illegal("No [ranges] specified for the [%s] aggregation", a.name)
	}
	for _, one := range list {
		members, ok := one.(map[string]any)
		if !ok {
			return nil, parsing("[range] failed to parse field [ranges]")
		}
		parsed, err := parseNumberRange(members)
		if err != nil {
			return nil, err
		}
		r.ranges = append(r.ranges, parsed)
	}
	slices.SortStableFunc(r.ranges, func(x, y numberRange) int {
		switch {
		case x.from != y.from && x.from < y.from || x.from == y.from && x.to < y.to:
			return -1
		case x == y:
			return 0
		}
		return 1
	})
	return r, nil
}

func parseNumberRange(members map[string]any) (numberRange, error) {
	out := numberRange{from: math.Inf(-1), to: math.Inf(1)}
	for _, name := range sortedNames(members) {
		value := members[name]
		var ok bool
		switch name {
		case "key":
			out.key = textOf(value)
			continue
		case "from":
			out.from, ok = numberOf(value)
		case "to":
			out.to, ok = numberOf(value)
		}
		if !ok && value != nil {
			return out, parsing("[range] failed to parse [%s]", name)
		}
	}
	if out.key == "" {
		out.key = boundText(out.from) + "-" + boundText(out.to)
	}
	return out, nil
}

func boundText(v float64) string {
	if math.IsInf(v, 0) {
		return "*"
	}
	return double(v).String()
}

func (r *rangesAggregation) collect(v *view, slots []uint32) (partial, error) {
	column, err := r.column(v, r.path, true)
	if err != nil {
		return nil, err
	}
	if column != nil && column.field.kind == kindDate {
		return nil, gap("[range] aggregations on fields of type [date]")
	}
	out := &buckets{of: r.aggregation, finish: r.finish, column: column}
	parts := make([][]uint32, len(r.ranges))
	if column != nil {
		for _, slot := range slots {
			for n, within := range r.ranges {
				hit := false
				column.each(slot, func(bits int64) {
					value := column.number(bits)
					hit = hit || value >= within.from && value < within.to
				})
				if hit {
					parts[n] = append(parts[n], slot)
				}
			}
		}
	}
	out.byKey = make(map[bucketKey]*bucket, len(parts))
	for n, part := range parts {
		one := &bucket{key: bucketKey{i: int64(n)}, count: len(part), subs: make([]partial, len(r.subs))}
		if err := collectAll(r.subs, v, part, one.subs); err != nil {
			return nil, err
		}
		out.byKey[one.key] = one
	}
	return out, nil
}

func (r *rangesAggregation) finish(b *buckets) (map[string]any, error) {
	shown, named := []any{}, map[string]any{}
	for n, within := range r.ranges {
		out, err := b.shown(b.byKey[bucketKey{i: int64(n)}])
		if err != nil {
			return nil, err
		}
		if !math.IsInf(within.from, 0) {
			out["from"] = double(within.from)
		}
		if !math.IsInf(within.to, 0) {
			out["to"] = double(within.to)
		}
		named[within.key] = out
		if !r.keyed {
			out["key"] = within.key
		}
		shown = append(shown, out)
	}
	if r.keyed {
		return map[string]any{"buckets": named}, nil
	}
	return map[string]any{"buckets": shown}, nil
}
