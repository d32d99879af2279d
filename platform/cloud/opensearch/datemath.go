package opensearch

import (
	"strconv"
	"strings"
	"time"
)

// dateMath evaluates what a query says of an instant: a date in the format,
// "now", or either with steps behind it, as in now-1h/m or 2026-11-21||+1d/d.
// With roundUp, as gt and lte want it, the last millisecond that fits is meant.
func (f *dateFormat) dateMath(text string, now time.Time, roundUp bool) (int64, error) {
	var at time.Time
	steps, isNow := strings.CutPrefix(text, "now")
	if isNow {
		at = now.UTC()
	} else {
		anchor, rest, hasSteps := strings.Cut(text, "||")
		ms, ok := f.parse(anchor, roundUp && !hasSteps)
		if !ok {
			reason := "failed to parse date field [" + text + "] with format [" + f.text + "]"
			return 0, &Error{
				Type: "parse_exception", Reason: reason + ": [" + reason + "]", Status: 400,
				Cause: dateError(text, f.text),
			}
		}
		at, steps = time.UnixMilli(ms).UTC(), rest
	}
	for steps != "" {
		sign := steps[0]
		end := 1
		for end < len(steps) && steps[end] >= '0' && steps[end] <= '9' {
			end++
		}
		if end >= len(steps) || end > 10 || sign != '+' && sign != '-' && sign != '/' || sign == '/' && end > 1 {
			return 0, badMath(text)
		}
		amount := 1
		if end > 1 {
			amount, _ = strconv.Atoi(steps[1:end])
		}
		unit := steps[end]
		steps = steps[end+1:]
		if sign == '-' {
			amount = -amount
		}
		var ok bool
		if sign == '/' {
			at, ok = floorUnit(at, unit)
			if ok && roundUp {
				at, _ = addUnits(at, unit, 1)
				at = at.Add(-time.Millisecond)
			}
		} else {
			at, ok = addUnits(at, unit, amount)
		}
		if !ok {
			return 0, badMath(text)
		}
	}
	return at.UnixMilli(), nil
}

func badMath(text string) *Error {
	return &Error{Type: "parse_exception", Reason: "operator not supported for date math [" + text + "]", Status: 400}
}

func addUnits(t time.Time, unit byte, n int) (time.Time, bool) {
	switch unit {
	case 'y':
		return addMonths(t, 12*n), true
	case 'M':
		return addMonths(t, n), true
	case 'w':
		return t.AddDate(0, 0, 7*n), true
	case 'd':
		return t.AddDate(0, 0, n), true
	case 'h', 'H':
		return t.Add(time.Duration(n) * time.Hour), true
	case 'm':
		return t.Add(time.Duration(n) * time.Minute), true
	case 's':
		return t.Add(time.Duration(n) * time.Second), true
	}
	return t, false
}

// addMonths keeps the day where the month has it, else takes the month's last.
func addMonths(t time.Time, n int) time.Time {
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}

// floorUnit is the beginning of the unit that t is in; weeks begin on Monday.
func floorUnit(t time.Time, unit byte) (time.Time, bool) {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	switch unit {
	case 'y':
		month, day, hour, minute, second = 1, 1, 0, 0, 0
	case 'q':
		month, day, hour, minute, second = (month-1)/3*3+1, 1, 0, 0, 0
	case 'M':
		day, hour, minute, second = 1, 0, 0, 0
	case 'w':
		day -= (int(t.Weekday()) + 6) % 7
		hour, minute, second = 0, 0, 0
	case 'd':
		hour, minute, second = 0, 0, 0
	case 'h', 'H':
		minute, second = 0, 0
	case 'm':
		second = 0
	case 's':
	default:
		return t, false
	}
	return time.Date(year, month, day, hour, minute, second, 0, t.Location()), true
}
