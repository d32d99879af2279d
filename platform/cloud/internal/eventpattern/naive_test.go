package eventpattern

import (
	"encoding/json"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

// The model below decodes everything and follows the rules word for word. It
// is for patterns that Compile has taken.

func naive(pattern, event string) bool {
	e, ok := decode(event).(map[string]any)
	return ok && naiveObject(decode(pattern).(map[string]any), e)
}

func decode(text string) any {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil || d.More() {
		return nil
	}
	return v
}

func naiveObject(pattern, event map[string]any) bool {
	for name, want := range pattern {
		if group, ok := naiveOr(name, want); ok {
			one := false
			for _, alternative := range group {
				one = one || naiveObject(alternative.(map[string]any), event)
			}
			if !one {
				return false
			}
			continue
		}
		value, found := event[name]
		switch want := want.(type) {
		case []any:
			if !naiveLeaf(want, value, found) {
				return false
			}
		case map[string]any:
			if !naiveNested(want, value) {
				return false
			}
		}
	}
	return true
}

func naiveOr(name string, want any) ([]any, bool) {
	group, ok := want.([]any)
	if name != "$or" || !ok || len(group) < 2 {
		return nil, false
	}
	for _, v := range group {
		m, ok := v.(map[string]any)
		if !ok {
			return nil, false
		}
		for only := range m {
			if len(m) == 1 && isOperator(only) {
				return nil, false
			}
		}
	}
	return group, true
}

func naiveNested(want map[string]any, value any) bool {
	switch value := value.(type) {
	case map[string]any:
		return naiveObject(want, value)
	case []any:
		for _, v := range value {
			if naiveNested(want, v) {
				return true
			}
		}
		return len(value) == 0 && naiveObject(want, nil)
	default:
		return naiveObject(want, nil)
	}
}

func naiveLeaf(alternatives []any, value any, found bool) bool {
	var scalars []any
	var flatten func(any)
	flatten = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				flatten(e)
			}
		case map[string]any:
		default:
			scalars = append(scalars, v)
		}
	}
	if found {
		flatten(value)
	}
	for _, want := range alternatives {
		if m, ok := want.(map[string]any); ok && m["exists"] == false && len(scalars) == 0 {
			return true
		}
		for _, s := range scalars {
			if naiveMatch(want, s) {
				return true
			}
		}
	}
	return false
}

func naiveMatch(want, value any) bool {
	m, ok := want.(map[string]any)
	if !ok {
		return want == value
	}
	text, isText := value.(string)
	for op, arg := range m {
		switch op {
		case "exists":
			return arg == true
		case "anything-but":
			return !naiveExcluded(arg, value)
		case "numeric":
			return naiveNumeric(arg.([]any), value)
		case "cidr":
			a, err := netip.ParseAddr(text)
			if network, isRange := netip.ParsePrefix(arg.(string)); isRange == nil {
				return isText && err == nil && network.Contains(a)
			}
			return isText && err == nil && a == netip.MustParseAddr(arg.(string))
		default:
			return isText && naiveText(op, arg, text)
		}
	}
	return false
}

func naiveExcluded(arg, value any) bool {
	list, ok := arg.([]any)
	if m, isMap := arg.(map[string]any); isMap {
		for op, texts := range m {
			all, isList := texts.([]any)
			if !isList {
				all = []any{texts}
			}
			for _, t := range all {
				if naiveMatch(map[string]any{op: t}, value) {
					return true
				}
			}
		}
		return false
	}
	if !ok {
		list = []any{arg}
	}
	for _, v := range list {
		if v == value {
			return true
		}
	}
	return false
}

func naiveNumeric(list []any, value any) bool {
	number, ok := value.(json.Number)
	if !ok {
		return false
	}
	x, _ := strconv.ParseFloat(number.String(), 64)
	for i := 0; i < len(list); i += 2 {
		y, _ := list[i+1].(json.Number).Float64()
		if !map[string]bool{"=": x == y, "<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y}[list[i].(string)] {
			return false
		}
	}
	return true
}

func naiveText(op string, arg any, text string) bool {
	want, plain := arg.(string)
	if m, ok := arg.(map[string]any); ok {
		want = m["equals-ignore-case"].(string)
	}
	have := []rune(text)
	n := len([]rune(want))
	switch {
	case op == "prefix" && plain:
		return strings.HasPrefix(text, want)
	case op == "suffix" && plain:
		return strings.HasSuffix(text, want)
	case op == "prefix":
		return len(have) >= n && strings.EqualFold(string(have[:n]), want)
	case op == "suffix":
		return len(have) >= n && strings.EqualFold(string(have[len(have)-n:]), want)
	case op == "equals-ignore-case":
		return strings.EqualFold(text, want)
	}
	expression := "" // of a wildcard
	for i := 0; i < len(want); i++ {
		switch want[i] {
		case '*':
			expression += ".*"
		case '\\':
			i++
			fallthrough
		default:
			j := i + 1
			for j < len(want) && want[j] >= 0x80 {
				j++
			}
			expression += regexp.QuoteMeta(want[i:j])
			i = j - 1
		}
	}
	return regexp.MustCompile(`(?s)\A` + expression + `\z`).MatchString(text)
}
