package opensearch

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// settings are an index's, by full name, as strings, which is how the API shows them.
type settings map[string]string

const (
	settingShards   = "index.number_of_shards"
	settingReplicas = "index.number_of_replicas"
	settingRefresh  = "index.refresh_interval"
	settingWindow   = "index.max_result_window"
	settingFields   = "index.mapping.total_fields.limit"
)

// unset is the value of a setting that goes back to what it is by itself.
const unset = "\x00"

// flatSettings reads settings nested, dotted, or without their prefix.
func flatSettings(given map[string]any) (settings, error) {
	out := settings{}
	var walk func(prefix string, value any)
	walk = func(prefix string, value any) {
		if members, ok := value.(map[string]any); ok {
			for name, member := range members {
				walk(joinPath(prefix, name), member)
			}
			return
		}
		if !strings.HasPrefix(prefix, "index.") {
			prefix = "index." + prefix
		}
		if out[prefix] = textOf(value); value == nil {
			out[prefix] = unset
		}
	}
	walk("", given)
	for _, name := range slices.Sorted(maps.Keys(out)) {
		if err := checkSetting(name, out[name]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func checkSetting(name, value string) error {
	switch name {
	case settingRefresh, settingShards, settingReplicas, settingWindow, settingFields:
		if value == unset {
			return nil
		}
	}
	switch name {
	case settingRefresh:
		_, err := parseInterval(name, value)
		return err
	case settingShards, settingReplicas, settingWindow, settingFields:
		least := 0
		if name == settingShards || name == settingWindow {
			least = 1
		}
		n, err := strconv.Atoi(value)
		if err != nil {
			return illegal("Failed to parse value [%s] for setting [%s]", value, name)
		}
		if n < least {
			return illegal("Failed to parse value [%s] for setting [%s] must be >= %d", value, name, least)
		}
		if name == settingShards && n > 1024 {
			return illegal("Failed to parse value [%s] for setting [%s] must be <= 1024", value, name)
		}
		return nil
	}
	return illegal("unknown setting [%s] please check that any required plugins are installed, or check the breaking changes documentation for removed settings", name)
}

// parseInterval reads a time value; negative means never.
func parseInterval(name, text string) (time.Duration, error) {
	if text == "-1" {
		return -1, nil
	}
	if text == "0" {
		return 0, nil
	}
	for _, unit := range []struct {
		suffix string
		is     time.Duration
	}{{"nanos", 1}, {"micros", time.Microsecond}, {"ms", time.Millisecond}, {"s", time.Second}, {"m", time.Minute}, {"h", time.Hour}, {"d", 24 * time.Hour}} {
		digits, ok := strings.CutSuffix(text, unit.suffix)
		if !ok {
			continue
		}
		if n, err := strconv.ParseInt(digits, 10, 32); err == nil && n >= 0 {
			return time.Duration(n) * unit.is, nil
		}
	}
	return 0, illegal("failed to parse setting [%s] with value [%s] as a time value: unit is missing or unrecognized", name, text)
}

// change sets what is given, and drops what is to be as it is by itself.
func (s settings) change(given settings) {
	maps.Copy(s, given)
	maps.DeleteFunc(s, func(_, value string) bool { return value == unset })
}

func (s settings) number(name string, otherwise int) int {
	if n, err := strconv.Atoi(s[name]); err == nil {
		return n
	}
	return otherwise
}

// interval is how long written documents may stay unseen; negative is for ever.
func (s settings) interval() time.Duration {
	if text, ok := s[settingRefresh]; ok {
		interval, _ := parseInterval(settingRefresh, text) // checked when it was set
		return interval
	}
	return time.Second
}

// nested is the settings as replies show them.
func (s settings) nested() map[string]any {
	out := map[string]any{}
	for name, value := range s {
		at := out
		parts := strings.Split(name, ".")
		for _, part := range parts[:len(parts)-1] {
			next, ok := at[part].(map[string]any)
			if !ok {
				next = map[string]any{}
				at[part] = next
			}
			at = next
		}
		if at[parts[len(parts)-1]] = value; value == unset {
			at[parts[len(parts)-1]] = nil
		}
	}
	return out
}

// textOf is a JSON scalar as text.
func textOf(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	out, _ := json.Marshal(value) // came out of JSON
	return string(out)
}

func jsonInt(n int) json.Number { return json.Number(strconv.Itoa(n)) }
