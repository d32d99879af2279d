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
	format  *dateFormat // of a request
	lower   any         // extended_bounds
	upper   any
}

// rounding finds an interval's beginning, and the next one's.
type rounding interface {
	floor(v float64) float64
	next(key float64) float64
}

func (a *aggregation) newHistogram() (*histogram, error) {
	h := &histogram{aggregation: a}
	var err error
	if h.path, err = a.fieldName(); err != nil {
		return nil, err
	}
	if value, ok := a.body["min_doc_count"]; ok {
		if h.least, err = strconv.Atoi(textOf(value)); err != nil || h.least < 0 {
			return nil, illegal("[minDocCount] must be greater than or equal to 0. Found [%s] in [%s]", textOf(value), a.name)
		}
	}
	h.keyed = textOf(a.body["keyed"]) == "true"
	if value, ok := a.body["extended_bounds"]; ok {
		members, ok := value.(map[string]any)
		if !ok {
			return nil, parsing("[extended_bounds] must be an object")
		}
		h.lower, h.upper = members["min"], members["max"]
	}
	h.orders, err = a.parseOrder(ordering{path: []string{"_key"}})
	return h, err
}

func (a *aggregation) parseHistogram() (computing, error) {
	err := a.only([]string{"field", "interval", "offset", "min_doc_count", "keyed", "extended_bounds", "order"},
		[]string{"script", "missing", "hard_bounds", "format", "value_type"})
	if err != nil {
		return nil, err
	}
	h, err := a.newHistogram()
	if err != nil {
		return nil, err
	}
	interval, ok := numberOf(a.body["interval"])
	if !ok || interval <= 0 {
		return nil, illegal("[interval] must be >0 for histogram aggregation [%s]", a.name)
	}
	offset, _ := numberOf(a.body["offset"])
	h.rounded = steps{interval, offset}
	return h, nil
}

// steps are intervals of equal length.
type steps struct{ length, offset float64 }

func (s steps) floor(v float64) float64 {
	return math.Floor((v-s.offset)/s.length)*s.length + s.offset
}

func (s steps) next(key float64) float64 {
	if next := s.floor(key + s.length*1.5); next > key { // not the sum: rounding must not add up
		return next
	}
	return key + s.length
}

func (a *aggregation) parseDateHistogram() (computing, error) {
	err := a.only([]string{"field", "fixed_interval", "calendar_interval", "time_zone", "offset", "format", "min_doc_count", "keyed", "extended_bounds", "order"},
		[]string{"interval", "script", "missing", "hard_bounds", "value_type"})
	if err != nil {
		return nil, err
	}
	h, err := a.newHistogram()
	if err != nil {
		return nil, err
	}
	if text, ok := a.body["format"].(string); ok {
		if h.format, err = newDateFormat(text); err != nil {
			return nil, err
		}
	}
	zone := time.UTC
	if value, ok := a.body["time_zone"]; ok {
		if zone, err = zoneOf(textOf(value)); err != nil {
			return nil, err
		}
	}
	var offset time.Duration
	if text, ok := a.body["offset"].(string); ok {
		sign := text != "" && text[0] == '-'
		if text != "" && (text[0] == '-' || text[0] == '+') {
			text = text[1:]
		}
		if offset, err = parseInterval("offset", text); err != nil {
			return nil, err
		}
		if sign {
			offset = -offset
		}
	}
	fixed, isFixed := a.body["fixed_interval"].(string)
	calendar, isCalendar := a.body["calendar_interval"].(string)
	switch {
	case isFixed && isCalendar:
		return nil, illegal("Cannot use [fixed_interval] with [calendar_interval] configuration option.")
	case isFixed:
		length, err := parseInterval("fixed_interval", fixed)
		if err != nil || length < time.Millisecond {
			return nil, badInterval("fixed_interval", "failed to parse setting [date_histogram.fixedInterval] with value ["+fixed+"] as a time value: unit is missing or unrecognized")
		}
		_, zoneOffset := time.Unix(0, 0).In(zone).Zone()
		h.rounded = steps{float64(length.Milliseconds()), float64(offset.Milliseconds() - int64(zoneOffset)*1000)}
	case isCalendar:
		unit, ok := calendarUnit(calendar)
		if !ok {
			return nil, badInterval("calendar_interval", "The supplied interval ["+calendar+"] could not be parsed as a calendar interval.")
		}
		h.rounded = &calendarSteps{unit: unit, zone: zone, offset: offset}
	default:
		return nil, illegal("Invalid interval specified, must be non-null and non-empty")
	}
	return h, nil
}

func badInterval(member, reason string) *Error {
	return &Error{
		Type: "x_content_parse_exception", Reason: "[date_histogram] failed to parse field [" + member + "]", Status: 400,
		Cause: illegal("%s", reason),
	}
}

func calendarUnit(text string) (byte, bool) {
	unit, ok := map[string]byte{
		"minute": 'm', "1m": 'm', "hour": 'h', "1h": 'h', "day": 'd', "1d": 'd', "week": 'w', "1w": 'w', "month": 'M', "1M": 'M',
		"quarter": 'q', "1q": 'q', "year": 'y', "1y": 'y', "second": 's', "1s": 's',
	}[text]
	return unit, ok
}

// calendarSteps are intervals of a calendar.
type calendarSteps struct {
	unit   byte
	zone   *time.Location
	offset time.Duration
}

func (s *calendarSteps) floor(v float64) float64 {
	at, _ := floorUnit(time.UnixMilli(int64(v)).Add(-s.offset).In(s.zone), s.unit)
	return float64(at.Add(s.offset).UnixMilli())
}

func (s *calendarSteps) next(key float64) float64 {
	at := time.UnixMilli(int64(key)).Add(-s.offset).In(s.zone)
	if s.unit == 'q' {
		at = addMonths(at, 3)
	} else {
		at, _ = addUnits(at, s.unit, 1)
	}
	return float64(at.Add(s.offset).UnixMilli())
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
		return double(one.key.f).String()
	}
	out["key"] = one.key.i
	format := h.format
	if format == nil && b.column != nil {
		format = b.column.field.format
	}
	if format == nil {
		return strconv.FormatInt(one.key.i, 10)
	}
	zone := time.UTC
	if c, ok := h.rounded.(*calendarSteps); ok {
		zone = c.zone
	}
	text := format.formatIn(one.key.i, zone)
	out["key_as_string"] = text
	return text
}
