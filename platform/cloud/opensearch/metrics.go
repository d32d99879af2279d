package opensearch

import (
	"math"
	"slices"
	"strconv"
)

// metric is a number, or a few, computed from a field's values.
type metric struct {
	*aggregation
	path     string
	percents []float64
	keyed    bool
}

func (a *aggregation) parseMetric() (computing, error) {
	m := &metric{aggregation: a, keyed: true}
	names := []string{"field"}
	missing := []string{"script", "missing", "format", "value_type"}
	switch a.kind {
	case "percentiles":
		names = append(names, "percents", "keyed", "tdigest")
		missing = append(missing, "hdr")
	case "cardinality":
		names = append(names, "precision_threshold")
		missing = append(missing, "execution_hint", "rehash")
	}
	if err := a.only(names, missing); err != nil {
		return nil, err
	}
	var err error
	if m.path, err = a.fieldName(); err != nil {
		return nil, err
	}
	m.percents = []float64{1, 5, 25, 50, 75, 95, 99}
	if list, ok := a.body["percents"].([]any); ok {
		m.percents = nil
		for _, one := range list {
			p, ok := numberOf(one)
			if !ok || p < 0 || p > 100 {
				return nil, illegal("percent must be in [0,100], got [%s]: [%s]", textOf(one), a.name)
			}
			m.percents = append(m.percents, p)
		}
		slices.Sort(m.percents)
	}
	if keyed, ok := a.body["keyed"].(bool); ok {
		m.keyed = keyed
	}
	return m, nil
}

// measured is a metric's result.
type measured struct {
	of       *metric
	count    int
	sum      float64
	lost     float64 // what rounding took from sum
	min, max float64
	values   []float64       // percentiles
	terms    map[string]bool // cardinality of keywords
	numbers  map[uint64]bool // cardinality of the rest
	dates    *dateFormat     // how values read as dates
}

func (m *metric) collect(v *view, slots []uint32) (partial, error) {
	out := &measured{of: m, min: math.Inf(1), max: math.Inf(-1)}
	column, err := m.column(v, m.path, m.kind != "value_count" && m.kind != "cardinality")
	if err != nil {
		return nil, err
	}
	if m.kind == "cardinality" {
		out.terms, out.numbers = map[string]bool{}, map[uint64]bool{}
	}
	if column == nil {
		return out, nil
	}
	out.dates = column.field.format
	out.each(column, slots)
	return out, nil
}

func (r *measured) each(column *column, slots []uint32) {
	var take func(bits int64)
	switch {
	case r.of.kind == "cardinality" && column.field.kind == kindKeyword:
		r.distinct(column, slots)
		return
	case r.of.kind == "cardinality":
		take = func(bits int64) { r.numbers[uint64(bits)] = true }
	case r.of.kind == "value_count":
		take = func(int64) { r.count++ }
	case r.of.kind == "percentiles":
		take = func(bits int64) { r.values = append(r.values, column.number(bits)) }
	default:
		take = func(bits int64) { r.add(column.number(bits)) }
	}
	for _, slot := range slots {
		column.each(slot, take)
	}
}

// distinct marks a keyword's terms by number before it looks at any.
func (r *measured) distinct(column *column, slots []uint32) {
	marked := newBitmap(len(column.terms))
	for _, slot := range slots {
		column.each(slot, func(n int64) { marked.set(uint32(n)) })
	}
	for _, n := range marked.slots() {
		r.terms[column.terms[n]] = true
	}
}

// add sums with Kahan's compensation.
func (r *measured) add(v float64) {
	r.count++
	r.min, r.max = min(r.min, v), max(r.max, v)
	corrected := v - r.lost
	sum := r.sum + corrected
	r.lost = (sum - r.sum) - corrected
	r.sum = sum
}

func (r *measured) merge(other partial) {
	o := other.(*measured)
	r.count += o.count
	r.sum += o.sum
	r.min, r.max = min(r.min, o.min), max(r.max, o.max)
	r.values = append(r.values, o.values...)
	for term := range o.terms {
		r.terms[term] = true
	}
	for n := range o.numbers {
		r.numbers[n] = true
	}
	if r.dates == nil {
		r.dates = o.dates
	}
}

// value is what orders and replies show; not known for min, max and avg of nothing.
func (r *measured) value(name string) (float64, bool) {
	switch name {
	case "avg":
		return r.sum / float64(r.count), r.count > 0
	case "min":
		return r.min, r.count > 0
	case "max":
		return r.max, r.count > 0
	case "sum":
		return r.sum, true
	case "cardinality":
		return float64(len(r.terms) + len(r.numbers)), true
	}
	return float64(r.count), true
}

func (r *measured) render() (map[string]any, error) {
	switch r.of.kind {
	case "percentiles":
		return r.percentiles(), nil
	case "stats":
		out := map[string]any{"count": r.count}
		for _, name := range []string{"min", "max", "avg", "sum"} {
			r.show(out, name, name)
		}
		return out, nil
	case "value_count", "cardinality":
		v, _ := r.value(r.of.kind)
		return map[string]any{"value": int(v)}, nil
	}
	out := map[string]any{}
	r.show(out, r.of.kind, "value")
	return out, nil
}

func (r *measured) show(out map[string]any, name, as string) {
	v, known := r.value(name)
	if !known {
		out[as] = nil
		return
	}
	out[as] = double(v)
	if r.dates != nil && (r.count > 0 || r.of.kind == "sum") {
		out[as+"_as_string"] = r.dates.format(int64(v))
	}
}

// percentiles are exact, between two values in proportion.
func (r *measured) percentiles() map[string]any {
	slices.Sort(r.values)
	named := map[string]any{}
	list := []any{}
	for _, p := range r.of.percents {
		var value any
		entry := map[string]any{"key": double(p)}
		name := double(p).String()
		if n := len(r.values); n > 0 {
			at := max(0, min(float64(n-1), p/100*float64(n)-0.5))
			low := int(at)
			v := r.values[low]
			if low+1 < n {
				v += (at - float64(low)) * (r.values[low+1] - v)
			}
			value = double(v)
			if r.dates != nil {
				named[name+"_as_string"], entry["value_as_string"] = r.dates.format(int64(v)), r.dates.format(int64(v))
			}
		}
		named[name], entry["value"] = value, value
		list = append(list, entry)
	}
	if r.of.keyed {
		return map[string]any{"values": named}
	}
	return map[string]any{"values": list}
}

// orderValue finds the number that buckets are ordered by; name is the member
// of stats or the percentile, "" for metrics with one value.
func (r *measured) orderValue(name string) (float64, error) {
	switch r.of.kind {
	case "stats":
		if !slices.Contains([]string{"count", "min", "max", "avg", "sum"}, name) {
			return 0, illegal("Unknown value [%s] in stats aggregation", name)
		}
		v, known := r.value(name)
		return orNaN(v, known), nil
	case "percentiles":
		p, err := strconv.ParseFloat(name, 64)
		if err != nil || !slices.Contains(r.of.percents, p) {
			return 0, illegal("No percentile [%s] in aggregation [%s]", name, r.of.name)
		}
		v, known := r.percentiles()["values"].(map[string]any)[double(p).String()].(double)
		return orNaN(float64(v), known), nil
	}
	v, known := r.value(r.of.kind)
	return orNaN(v, known), nil
}

func orNaN(v float64, known bool) float64 {
	if !known {
		return math.NaN()
	}
	return v
}
