package opensearch

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

func (a *aggregation) newHistogram() (*histogram, error) {
	h := &histogram{aggregation: a, zone: time.UTC}
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
	if value, ok := a.body["time_zone"]; ok {
		if h.zone, err = zoneOf(textOf(value)); err != nil {
			return nil, err
		}
	}
	offset, err := parseOffset(a.body["offset"])
	if err != nil {
		return nil, err
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
		_, zoneOffset := time.Unix(0, 0).In(h.zone).Zone()
		h.rounded = steps{float64(length.Milliseconds()), float64(offset.Milliseconds() - int64(zoneOffset)*1000)}
	case isCalendar:
		unit, ok := calendarUnit(calendar)
		if !ok {
			return nil, badInterval("calendar_interval", "The supplied interval ["+calendar+"] could not be parsed as a calendar interval.")
		}
		h.rounded = &calendarSteps{unit: unit, zone: h.zone, offset: offset}
	default:
		return nil, illegal("Invalid interval specified, must be non-null and non-empty")
	}
	return h, nil
}

// parseOffset reads a signed interval, or milliseconds.
func parseOffset(value any) (time.Duration, error) {
	switch v := value.(type) {
	case json.Number:
		ms, err := v.Int64()
		if err != nil {
			return 0, badInterval("offset", "For input string: \""+v.String()+"\"")
		}
		return time.Duration(ms) * time.Millisecond, nil
	case string:
		digits, negative := strings.CutPrefix(v, "-")
		offset, err := parseInterval("offset", strings.TrimPrefix(digits, "+"))
		if negative {
			offset = -offset
		}
		return offset, err
	}
	return 0, nil
}
