package iam

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// condition is one operator on one key. A statement applies if all of its
// conditions hold; a condition holds if any of its values matches.
type condition struct {
	key      string // lower case: keys match regardless of case
	negate   bool   // a Not… operator: no value may match
	ifExists bool
	isNull   bool // the Null operator: values are about the key's presence
	values   []conditionValue
}

// conditionValue is one value of a condition, compiled for its operator.
type conditionValue interface {
	matches(got string, f *facts) bool
}

// holds answers for one request. A missing key fails a positive operator and
// satisfies a negated one and every …IfExists.
func (c *condition) holds(f *facts) bool {
	got, found := f.lookup(c.key)
	if c.isNull {
		got, found = strconv.FormatBool(!found), true
	}
	if !found {
		return c.negate || c.ifExists
	}
	for _, value := range c.values {
		if value.matches(got, f) {
			return !c.negate
		}
	}
	return c.negate
}

// exactValue is StringEquals; fold makes it StringEqualsIgnoreCase.
type exactValue struct {
	template template
	fold     bool
}

func (v exactValue) matches(got string, f *facts) bool {
	want, ok := v.template.fill(f, false)
	return ok && (got == want || v.fold && strings.EqualFold(got, want))
}

// arnParts is how many colon-separated parts an ARN has; the last one may
// itself contain colons.
const arnParts = 6

// arnValue is ArnEquals and ArnLike, which AWS treats alike: each part of an
// ARN is matched by itself, so that a star never crosses a colon into the next.
type arnValue struct {
	parts    []pattern // compiled once where there are no variables
	template template
}

func newARNValue(t template) arnValue {
	if !t.fixed() {
		return arnValue{template: t}
	}
	text, _ := t.fill(nil, true)
	return arnValue{parts: arnPatterns(text)}
}

func arnPatterns(compiled string) []pattern {
	var list []pattern
	for _, part := range strings.SplitN(compiled, ":", arnParts) {
		list = append(list, splitPattern(part))
	}
	return list
}

func (v arnValue) matches(got string, f *facts) bool {
	wanted := v.parts
	if wanted == nil {
		filled, ok := v.template.fill(f, true)
		if !ok {
			return false
		}
		wanted = arnPatterns(filled)
	}
	parts := strings.SplitN(got, ":", arnParts)
	if len(parts) != arnParts || parts[0] != "arn" {
		return false
	}
	if len(wanted) == 1 {
		return wanted[0].matches(got) // "*": any ARN
	}
	if len(wanted) != arnParts {
		return false
	}
	for i, part := range parts {
		if !wanted[i].matches(part) {
			return false
		}
	}
	return true
}

// networkValue is IpAddress.
type networkValue struct{ prefix netip.Prefix }

func (v networkValue) matches(got string, _ *facts) bool {
	address, err := netip.ParseAddr(got)
	return err == nil && v.prefix.Contains(address.Unmap().WithZone(""))
}

// boolValue is Bool, and Null's opinion of the key.
type boolValue struct{ want string }

func (v boolValue) matches(got string, _ *facts) bool { return strings.EqualFold(got, v.want) }

// ordering says which results of comparing a request's value with the policy's
// an operator accepts.
type ordering func(compared int) bool

// numberValue is the Numeric operators.
type numberValue struct {
	want   float64
	accept ordering
}

func (v numberValue) matches(got string, _ *facts) bool {
	number, ok := parseNumber(got)
	switch {
	case !ok:
		return false
	case number < v.want:
		return v.accept(-1)
	case number > v.want:
		return v.accept(1)
	}
	return v.accept(0)
}

// dateValue is the Date operators.
type dateValue struct {
	want   time.Time
	accept ordering
}

func (v dateValue) matches(got string, _ *facts) bool {
	at, ok := parseDate(got)
	return ok && v.accept(at.Compare(v.want))
}

func parseNumber(text string) (float64, bool) {
	if strings.Trim(text, "+-.0123456789") != "" { // no exponents, hexadecimals, infinities
		return 0, false
	}
	number, err := strconv.ParseFloat(text, 64)
	return number, err == nil
}

// parseDate reads the ISO 8601 forms of W3C's note and seconds since 1970.
func parseDate(text string) (time.Time, bool) {
	for _, layout := range [...]string{
		time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02", "2006-01",
	} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	return time.Unix(seconds, 0), err == nil
}

func parseNetwork(text string) (netip.Prefix, bool) {
	if prefix, err := netip.ParsePrefix(text); err == nil {
		return prefix, true
	}
	address, err := netip.ParseAddr(text)
	if err != nil || address.Zone() != "" {
		return netip.Prefix{}, false
	}
	address = address.Unmap()
	return netip.PrefixFrom(address, address.BitLen()), true
}
