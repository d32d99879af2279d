package opensearch

import (
	"math"
	"strings"
)

// bounds are those of a range query, as they were given.
type bounds struct {
	lower, upper         any
	hasLower, hasUpper   bool
	openLower, openUpper bool // gt, lt
	format               *dateFormat
}

// span is a closed interval of a column's values; an empty one has from > to.
type span struct{ from, to int64 }

func (c *leaf) parseRange(members map[string]any) (err error) {
	if c.boost, err = boostOf(c.kind, members); err != nil {
		return err
	}
	for _, name := range sortedNames(members) {
		value := members[name]
		b := &c.bounds
		switch name {
		case "boost":
		case "gt", "gte":
			b.lower, b.hasLower, b.openLower = value, value != nil, name == "gt"
		case "lt", "lte":
			b.upper, b.hasUpper, b.openUpper = value, value != nil, name == "lt"
		case "format":
			if b.format, err = newDateFormat(textOf(value)); err != nil {
				return err
			}
		case "time_zone":
			zone, err := zoneOf(textOf(value))
			if err != nil {
				return err
			}
			if zone.String() != "UTC" {
				return gap("time zones other than UTC in [range] queries")
			}
		case "relation", "from", "to", "include_lower", "include_upper":
			return gap("[%s] of [range] queries", name)
		default:
			return parsing("[range] query does not support [%s]", name)
		}
	}
	return nil
}

func (c *leaf) evalRange(v *view, f *field) (matched, error) {
	out := v.nothing()
	out.score = constant(c.boost)
	switch f.kind {
	case kindText:
		return out, gap("[range] queries on fields of type [text]")
	case kindKeyword:
		wanted := make([]bool, len(f.column.terms))
		for n, term := range f.column.terms {
			wanted[n] = c.bounds.holdText(term)
		}
		f.column.scan(out.bits, func(n int64) bool { return wanted[n] })
		return out, nil
	}
	within, err := c.bounds.span(v, f)
	if err != nil {
		return out, err
	}
	f.scanSpans(out.bits, []span{within})
	return out, nil
}

func (b *bounds) holdText(term string) bool {
	if b.hasLower {
		if order := strings.Compare(term, textOf(b.lower)); order < 0 || order == 0 && b.openLower {
			return false
		}
	}
	if b.hasUpper {
		if order := strings.Compare(term, textOf(b.upper)); order > 0 || order == 0 && b.openUpper {
			return false
		}
	}
	return true
}

// scanSpans adds the slots with a value in one of the spans.
func (f *field) scanSpans(into bitmap, spans []span) {
	fits := func(v int64) bool {
		for _, s := range spans {
			if v >= s.from && v <= s.to {
				return true
			}
		}
		return false
	}
	if f.kind.isFloat() {
		fits = func(v int64) bool {
			number := math.Float64frombits(uint64(v))
			for _, s := range spans {
				if number >= math.Float64frombits(uint64(s.from)) && number <= math.Float64frombits(uint64(s.to)) {
					return true
				}
			}
			return false
		}
	}
	f.column.scan(into, fits)
}

// span is what the bounds mean to a field.
func (b *bounds) span(v *view, f *field) (span, error) {
	switch {
	case f.kind == kindDate:
		return b.dateSpan(v, f)
	case f.kind.isFloat():
		return b.floatSpan(v, f)
	}
	out := span{math.MinInt64, math.MaxInt64}
	if b.hasLower {
		n, whole, err := integerBound(f, b.lower, math.Floor)
		if err != nil {
			return out, v.failed(err)
		}
		if out.from = n; b.openLower || !whole {
			if n == math.MaxInt64 {
				return span{1, 0}, nil
			}
			out.from++
		}
	}
	if b.hasUpper {
		n, whole, err := integerBound(f, b.upper, math.Ceil)
		if err != nil {
			return out, v.failed(err)
		}
		if out.to = n; b.openUpper || !whole {
			if n == math.MinInt64 {
				return span{1, 0}, nil
			}
			out.to--
		}
	}
	return out, nil
}

// integerBound reads a bound of integers; one that is no integer is rounded
// away from the range.
func integerBound(f *field, value any, round func(float64) float64) (n int64, whole bool, err *Error) {
	text := textOf(value)
	if f.kind == kindBoolean {
		bits, err := f.bitsOf([]byte(text), 't')
		return bits, true, err
	}
	number, ok := numberOf(value)
	if !ok {
		return 0, false, illegal("For input string: \"%s\"", text)
	}
	if number != math.Trunc(number) {
		return int64(round(number)), false, nil
	}
	n, err = numberBits(kindLong, text)
	return n, true, err
}

func (b *bounds) floatSpan(v *view, f *field) (span, error) {
	from, to := math.Inf(-1), math.Inf(1)
	read := func(value any, open bool, towards float64) (float64, error) {
		number, ok := numberOf(value)
		if !ok {
			return 0, v.failed(illegal("For input string: \"%s\"", textOf(value)))
		}
		if f.kind == kindFloat {
			single := float32(number)
			if open {
				single = math.Nextafter32(single, float32(towards))
			}
			return float64(single), nil
		}
		if open {
			number = math.Nextafter(number, towards)
		}
		return number, nil
	}
	var err error
	if b.hasLower {
		if from, err = read(b.lower, b.openLower, math.Inf(1)); err != nil {
			return span{}, err
		}
	}
	if b.hasUpper {
		if to, err = read(b.upper, b.openUpper, math.Inf(-1)); err != nil {
			return span{}, err
		}
	}
	return span{int64(math.Float64bits(from)), int64(math.Float64bits(to))}, nil
}

func (b *bounds) dateSpan(v *view, f *field) (span, error) {
	format := f.format
	if b.format != nil {
		format = b.format
	}
	out := span{math.MinInt64, math.MaxInt64}
	if b.hasLower {
		ms, err := format.dateMath(textOf(b.lower), v.now, b.openLower)
		if err != nil {
			return out, asError(err)
		}
		if out.from = ms; b.openLower {
			out.from++
		}
	}
	if b.hasUpper {
		ms, err := format.dateMath(textOf(b.upper), v.now, !b.openUpper)
		if err != nil {
			return out, asError(err)
		}
		if out.to = ms; b.openUpper {
			out.to--
		}
	}
	return out, nil
}
