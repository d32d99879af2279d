package opensearch

import (
	"fmt"
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
			if v, err := strconv.ParseInt(text, 10, 64); err == nil {
				return v * factor, true
			}
			v, err := strconv.ParseFloat(text, 64)
			return int64(v * float64(factor)), err == nil && v == v && v < 1e15 && v > -1e15
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

// parseISO reads yyyy[-MM[-dd[T[HH[:mm[:ss[.fraction]]]][zone]]]].
func parseISO(text string, roundUp bool) (int64, bool) {
	at := [6]int{0, 1, 1, 0, 0, 0}
	rest, ok := digitsOf(text, 4, &at[0])
	if !ok {
		return 0, false
	}
	given := 1
	for i, mark := range [...]byte{'-', '-', 'T', ':', ':'} {
		if rest == "" || rest[0] != mark || given != i+1 {
			break
		}
		if mark == 'T' && len(rest) == 1 {
			rest = ""
			break
		}
		if rest, ok = digitsOf(rest[1:], 2, &at[i+1]); !ok {
			return 0, false
		}
		given++
	}
	nanos := 0
	if given == 6 && len(rest) > 1 && (rest[0] == '.' || rest[0] == ',') {
		end := 1
		for end < len(rest) && end <= 9 && rest[end] >= '0' && rest[end] <= '9' {
			end++
		}
		if end == 1 {
			return 0, false
		}
		nanos, _ = strconv.Atoi((rest[1:end] + "000000000")[:9])
		rest = rest[end:]
		given++
	}
	zone, ok := parseZone(rest, given > 3)
	if !ok {
		return 0, false
	}
	t := time.Date(at[0], time.Month(at[1]), at[2], at[3], at[4], at[5], nanos, zone)
	if t.Month() != time.Month(at[1]) || t.Day() != at[2] || at[3] > 23 || at[4] > 59 || at[5] > 59 {
		return 0, false
	}
	if roundUp {
		t = isoStep(t, given)
	}
	return t.UnixMilli(), true
}

// isoStep is the last millisecond that a text with so many parts can mean.
func isoStep(t time.Time, given int) time.Time {
	switch given {
	case 1:
		t = t.AddDate(1, 0, 0)
	case 2:
		t = t.AddDate(0, 1, 0)
	case 3:
		t = t.AddDate(0, 0, 1)
	case 4:
		t = t.Add(time.Hour)
	case 5:
		t = t.Add(time.Minute)
	case 6:
		t = t.Add(time.Second)
	default:
		return t
	}
	return t.Add(-time.Millisecond)
}

func digitsOf(text string, n int, into *int) (rest string, ok bool) {
	if len(text) < n {
		return "", false
	}
	v := 0
	for i := range n {
		c := text[i]
		if c < '0' || c > '9' {
			return "", false
		}
		v = v*10 + int(c-'0')
	}
	*into = v
	return text[n:], true
}

// parseZone reads nothing, Z, ±HH, ±HHmm or ±HH:mm.
func parseZone(text string, allowed bool) (*time.Location, bool) {
	if text == "" || text == "Z" && allowed {
		return time.UTC, true
	}
	if !allowed || text[0] != '+' && text[0] != '-' {
		return nil, false
	}
	var hours, minutes int
	rest, ok := digitsOf(text[1:], 2, &hours)
	if ok && rest != "" {
		if rest, ok = digitsOf(strings.TrimPrefix(rest, ":"), 2, &minutes); rest != "" {
			ok = false
		}
	}
	if !ok || hours > 18 || minutes > 59 {
		return nil, false
	}
	seconds := hours*3600 + minutes*60
	if text[0] == '-' {
		seconds = -seconds
	}
	return time.FixedZone("", seconds), true
}

// zoneOf reads the time_zone of a request.
func zoneOf(name string) (*time.Location, error) {
	switch name {
	case "", "UTC", "Z", "GMT", "Etc/UTC":
		return time.UTC, nil
	}
	if zone, ok := parseZone(name, true); ok {
		return zone, nil
	}
	return nil, gap("time zones by name (%s), only offsets such as +02:00", name)
}

func dateError(text, format string) *Error {
	reason := fmt.Sprintf("failed to parse date field [%s] with format [%s]", text, format)
	return &Error{
		Type: "illegal_argument_exception", Reason: reason, Status: 400,
		Cause: &Error{Type: "date_time_parse_exception", Reason: "Failed to parse with all enclosed parsers"},
	}
}
