package opensearch

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"time"
)

// histogram has a bucket for each interval of a field's values: of dates with
// integer keys, of numbers with doubles.
type histogram struct {
	*aggregation
	path    string
	least   int
	keyed   bool
	orders  []ordering
	rounded rounding
	zone    *time.Location
	format  *dateFormat // of a request
	lower   any         // extended_bounds
	upper   any
}

func (h *histogram) isDate() bool { return h.kind == "date_histogram" }

func (h *histogram) collect(v *view, slots []uint32) (partial, error) {
	column, err := h.column(v, h.path, true)
	if err != nil {
		return nil, err
	}
	if column != nil && h.isDate() && column.field.kind != kindDate && column.field.kind != kindBoolean && !column.field.kind.isNumber() {
		return nil, illegal("Field [%s] of type [%s] is not supported for aggregation [date_histogram]", h.path, column.field.kind)
	}
	out := &buckets{of: h.aggregation, byKey: map[bucketKey]*bucket{}, finish: h.finish, column: column, empty: h.nothing(v)}
	if column == nil {
		return out, nil
	}
	numbers := map[float64]int{}
	var keys []float64
	from, to, last := 0.0, 0.0, -1 // most values fall where the one before fell
	assign := func(slot uint32, put func(int)) {
		before := -1
		column.each(slot, func(bits int64) {
			value := column.number(bits)
			if last < 0 || value < from || value >= to {
				key := h.rounded.floor(value)
				n, ok := numbers[key]
				if !ok {
					n = len(keys)
					numbers[key] = n
					keys = append(keys, key)
				}
				from, to, last = key, h.rounded.next(key), n
			}
			if before != last {
				put(last)
			}
			before = last
		})
	}
	out.byKey, err = h.divide(v, slots, assign, func(n int) bucketKey { return h.key(keys[n]) })
	return out, err
}

func (h *histogram) key(v float64) bucketKey {
	if h.isDate() {
		return bucketKey{i: int64(v)}
	}
	return bucketKey{f: v}
}

func (h *histogram) number(k bucketKey) float64 {
	if h.isDate() {
		return float64(k.i)
	}
	return k.f
}

// fill adds the buckets that no document fell into.
func (h *histogram) fill(b *buckets) error {
	low, high := math.Inf(1), math.Inf(-1)
	for key := range b.byKey {
		low, high = min(low, h.number(key)), max(high, h.number(key))
	}
	for _, bound := range []any{h.lower, h.upper} {
		if bound == nil {
			continue
		}
		v, err := h.bound(b, bound)
		if err != nil {
			return err
		}
		low, high = min(low, h.rounded.floor(v)), max(high, h.rounded.floor(v))
	}
	n := 0
	for key := low; key <= high; key = h.rounded.next(key) {
		if n++; n > bucketsMax {
			return errBuckets(n)
		}
		k := h.key(key)
		if b.byKey[k] != nil {
			continue
		}
		subs, err := b.empty()
		if err != nil {
			return err
		}
		b.byKey[k] = &bucket{key: k, subs: subs}
	}
	return nil
}

func (h *histogram) bound(b *buckets, value any) (float64, error) {
	if number, ok := value.(json.Number); ok {
		return number.Float64()
	}
	if _, away := (time.Time{}).In(h.zone).Zone(); away != 0 {
		return 0, gap("texts in extended_bounds beside a time zone")
	}
	format, _ := newDateFormat(defaultDateFormat)
	if h.format != nil {
		format = h.format
	} else if b.column != nil && b.column.field.format != nil {
		format = b.column.field.format
	}
	ms, err := format.dateMath(textOf(value), time.Time{}, false)
	if len(textOf(value)) >= 3 && textOf(value)[:3] == "now" {
		return 0, gap("now in extended_bounds")
	}
	return float64(ms), err
}

func (h *histogram) finish(b *buckets) (map[string]any, error) {
	if h.least == 0 {
		if err := h.fill(b); err != nil {
			return nil, err
		}
	}
	list, err := b.sorted(h.orders)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(one *bucket) bool { return one.count < h.least })
	if len(list) > bucketsMax {
		return nil, errBuckets(len(list))
	}
	shown, named := []any{}, map[string]any{}
	for _, one := range list {
		rendered, err := b.shown(one)
		if err != nil {
			return nil, err
		}
		named[h.label(b, one, rendered)] = rendered
		shown = append(shown, rendered)
	}
	if h.keyed {
		return map[string]any{"buckets": named}, nil
	}
	return map[string]any{"buckets": shown}, nil
}

// label writes a bucket's key and returns it as text.
func (h *histogram) label(b *buckets, one *bucket, out map[string]any) string {
	if !h.isDate() {
		out["key"] = double(one.key.f)
		if b.column == nil || b.column.field.kind != kindDate {
			return double(one.key.f).String()
		}
		text := b.column.field.format.format(int64(one.key.f))
		out["key_as_string"] = text
		return text
	}
	out["key"] = one.key.i
	format := h.format
	if format == nil && b.column != nil {
		format = b.column.field.format
	}
	if format == nil {
		return strconv.FormatInt(one.key.i, 10)
	}
	text := format.formatIn(one.key.i, h.zone)
	out["key_as_string"] = text
	return text
}
