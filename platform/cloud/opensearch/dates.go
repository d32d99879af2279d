package opensearch

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// defaultDateFormat is what a date field without a format of its own reads and writes.
const defaultDateFormat = "strict_date_optional_time||epoch_millis"

// isoMillis is how dates are written unless a format says otherwise.
const isoMillis = "2006-01-02T15:04:05.000Z07:00"

// dateFormat is a field's format: alternatives, tried in turn; the first writes.
type dateFormat struct {
	text  string
	parts []datePart
}

// datePart is one alternative. parse returns milliseconds; with roundUp what
// the text does not say is taken as late as it can be.
type datePart struct {
	parse  func(text string, roundUp bool) (int64, bool)
	format func(t time.Time) string
}

// newDateFormat understands the named formats that it lists and patterns of
// year, month, day, hour, minute, second, fraction and zone.
func newDateFormat(text string) (*dateFormat, error) {
	f := &dateFormat{text: text}
	for name := range strings.SplitSeq(text, "||") {
		part, err := newDatePart(name)
		if err != nil {
			return nil, err
		}
		f.parts = append(f.parts, part)
	}
	return f, nil
}

func newDatePart(name string) (datePart, error) {
	switch name {
	case "strict_date_optional_time", "date_optional_time", "iso8601", "strict_date_optional_time_nanos":
		return datePart{parseISO, func(t time.Time) string { return t.Format(isoMillis) }}, nil
	case "epoch_millis":
		return epochPart(1), nil
	case "epoch_second":
		return epochPart(1000), nil
	}
	named := map[string]string{
		"strict_date": "yyyy-MM-dd", "date": "yyyy-MM-dd", "basic_date": "yyyyMMdd",
		"strict_date_time": "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "date_time": "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
		"strict_date_time_no_millis": "yyyy-MM-dd'T'HH:mm:ssXXX", "date_time_no_millis": "yyyy-MM-dd'T'HH:mm:ssXXX",
		"strict_date_hour_minute_second": "yyyy-MM-dd'T'HH:mm:ss", "date_hour_minute_second": "yyyy-MM-dd'T'HH:mm:ss",
		"strict_year_month": "yyyy-MM", "strict_year": "yyyy",
	}
	pattern, ok := named[name]
	if !ok {
		pattern = name
	}
	layout, step, ok := goLayout(pattern)
	if !ok {
		return datePart{}, gap("the date format [%s]", name)
	}
	return datePart{
		parse: func(text string, roundUp bool) (int64, bool) {
			t, err := time.Parse(layout, text)
			if err != nil {
				return 0, false
			}
			if roundUp {
				t = step(t).Add(-time.Millisecond)
			}
			return t.UnixMilli(), true
		},
		format: func(t time.Time) string { return t.Format(layout) },
	}, nil
}

func epochPart(factor int64) datePart {
	return datePart{
		parse: func(text string, _ bool) (int64, bool) {
			if text == "" || text[0] == '.' || strings.Trim(text[1:], "0123456789.") != "" || text[0] != '-' && (text[0] < '0' || text[0] > '9') {
				return 0, false // no sign but a minus, no exponent
			}
			if v, err := strconv.ParseInt(text, 10, 64); err == nil {
				return v * factor, v <= math.MaxInt64/factor && v >= math.MinInt64/factor
			}
			v, err := strconv.ParseFloat(text, 64)
			return int64(v * float64(factor)), err == nil && v < 1e15 && v > -1e15
		},
		format: func(t time.Time) string { return strconv.FormatInt(t.UnixMilli()/factor, 10) },
	}
}

// goLayout turns a pattern of Java's into Go's layout, and tells what the
// pattern leaves open, as the step to the next instant that it can tell apart.
func goLayout(pattern string) (layout string, step func(time.Time) time.Time, ok bool) {
	pieces := []struct {
		java, golang string
		step         func(time.Time) time.Time
	}{
		{"yyyy", "2006", func(t time.Time) time.Time { return t.AddDate(1, 0, 0) }},
		{"uuuu", "2006", func(t time.Time) time.Time { return t.AddDate(1, 0, 0) }},
		{"MM", "01", func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }},
		{"dd", "02", func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }},
		{"HH", "15", func(t time.Time) time.Time { return t.Add(time.Hour) }},
		{"mm", "04", func(t time.Time) time.Time { return t.Add(time.Minute) }},
		{"ss", "05", func(t time.Time) time.Time { return t.Add(time.Second) }},
		{"SSS", "000", func(t time.Time) time.Time { return t.Add(time.Millisecond) }},
		{"XXX", "Z07:00", nil},
		{"X", "Z07", nil},
		{"Z", "-0700", nil},
	}
	var out strings.Builder
next:
	for rest := pattern; rest != ""; {
		for _, p := range pieces {
			if after, found := strings.CutPrefix(rest, p.java); found {
				out.WriteString(p.golang)
				if p.step != nil {
					step = p.step
				}
				rest = after
				continue next
			}
		}
		if quoted, after, found := strings.Cut(strings.TrimPrefix(rest, "'"), "'"); found && rest[0] == '\'' {
			out.WriteString(quoted)
			rest = after
			continue
		}
		if !strings.ContainsRune("-/:. ", rune(rest[0])) {
			return "", nil, false
		}
		out.WriteByte(rest[0])
		rest = rest[1:]
	}
	return out.String(), step, step != nil
}

// parse reads a date as a document or a query has it.
func (f *dateFormat) parse(text string, roundUp bool) (int64, bool) {
	for _, part := range f.parts {
		if ms, ok := part.parse(text, roundUp); ok {
			return ms, true
		}
	}
	return 0, false
}

func (f *dateFormat) format(ms int64) string {
	return f.parts[0].format(time.UnixMilli(ms).UTC())
}

// formatIn is format on the clocks of a zone.
func (f *dateFormat) formatIn(ms int64, zone *time.Location) string {
	return f.parts[0].format(time.UnixMilli(ms).In(zone))
}

func dateError(text, format string) *Error {
	reason := fmt.Sprintf("failed to parse date field [%s] with format [%s]", text, format)
	return &Error{
		Type: "illegal_argument_exception", Reason: reason, Status: 400,
		Cause: &Error{Type: "date_time_parse_exception", Reason: "Failed to parse with all enclosed parsers"},
	}
}
