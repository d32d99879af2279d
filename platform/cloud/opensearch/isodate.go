package opensearch

import (
	"strconv"
	"strings"
	"time"
)

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

// parseZone reads nothing, Z, UTC, GMT, ±HH, ±HHmm or ±HH:mm.
func parseZone(text string, allowed bool) (*time.Location, bool) {
	if text == "" || allowed && (text == "Z" || text == "UTC" || text == "GMT") {
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
