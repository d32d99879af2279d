package opensearch

import (
	"math"
	"time"
)

// rounding finds an interval's beginning, and the next one's.
type rounding interface {
	floor(v float64) float64
	next(key float64) float64
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
