package eventpattern

import (
	"bytes"
	"net/netip"
	"unicode/utf8"
)

// leaf is a field's list of alternatives: one must match one of the values.
type leaf struct {
	equal  literals
	tests  []test
	absent bool // exists: false is among them
}

// literals are wanted or unwanted values: texts of strings, and everything
// else as it is written.
type literals struct{ texts, words map[string]struct{} }

func (l *literals) add(v scalar) {
	set := &l.words
	if v.isString {
		set = &l.texts
	}
	if *set == nil {
		*set = map[string]struct{}{}
	}
	(*set)[string(v.text)] = struct{}{}
}

func (l *literals) has(v scalar) bool {
	set := l.words
	if v.isString {
		set = l.texts
	}
	_, found := set[string(v.text)]
	return found
}

// scalar is a value that is no object and no array.
type scalar struct {
	isString bool
	text     []byte // of a string; else the literal
}

// test is one operator of a pattern.
type test interface{ matches(v scalar) bool }

func (l *leaf) matches(value []byte) bool {
	found, matched := l.search(value)
	return matched || (l.absent && !found)
}

// search looks at a value, or at each of an array's; found says whether there is any.
func (l *leaf) search(value []byte) (found, matched bool) {
	if len(value) == 0 || value[0] == '{' {
		return false, false
	}
	if value[0] != '[' {
		return true, l.wants(scalarOf(value))
	}
	for e := firstElement(value); e.ok; e = e.next(value) {
		here, wanted := l.search(e.value(value))
		if wanted {
			return true, true
		}
		found = found || here
	}
	return found, false
}

func scalarOf(value []byte) scalar {
	if value[0] == '"' {
		return scalar{true, unquote(value)}
	}
	return scalar{false, value[:skipValue(value, 0)]}
}

func (l *leaf) wants(v scalar) bool {
	if l.equal.has(v) {
		return true
	}
	for _, t := range l.tests {
		if t.matches(v) {
			return true
		}
	}
	return false
}

// present is exists: true.
type present struct{}

func (present) matches(scalar) bool { return true }

type prefix []byte

func (p prefix) matches(v scalar) bool { return v.isString && bytes.HasPrefix(v.text, p) }

type suffix []byte

func (s suffix) matches(v scalar) bool { return v.isString && bytes.HasSuffix(v.text, s) }

type equalFold []byte

func (e equalFold) matches(v scalar) bool { return v.isString && bytes.EqualFold(v.text, e) }

// prefixFold compares as many characters as it has.
type prefixFold []byte

func (p prefixFold) matches(v scalar) bool {
	end := 0
	for range utf8.RuneCount(p) {
		if end == len(v.text) {
			return false
		}
		_, size := utf8.DecodeRune(v.text[end:])
		end += size
	}
	return v.isString && bytes.EqualFold(v.text[:end], p)
}

type suffixFold []byte

func (s suffixFold) matches(v scalar) bool {
	start := len(v.text)
	for range utf8.RuneCount(s) {
		if start == 0 {
			return false
		}
		_, size := utf8.DecodeLastRune(v.text[:start])
		start -= size
	}
	return v.isString && bytes.EqualFold(v.text[start:], s)
}

// wildcard is what stands between the stars of a pattern that has some.
type wildcard [][]byte

// matches takes each part where it comes first, which is as good as anywhere,
// so that its time is the product of the lengths at most.
func (w wildcard) matches(v scalar) bool {
	text, last := v.text, len(w)-1
	if !v.isString || !bytes.HasPrefix(text, w[0]) {
		return false
	}
	if last == 0 {
		return len(text) == len(w[0])
	}
	text = text[len(w[0]):]
	for _, part := range w[1:last] {
		i := bytes.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return bytes.HasSuffix(text, w[last])
}

type cidr netip.Prefix

func (c cidr) matches(v scalar) bool {
	if !v.isString || len(v.text) > 64 {
		return false
	}
	address, err := netip.ParseAddr(string(v.text))
	return err == nil && netip.Prefix(c).Contains(address)
}

// anythingBut matches every value that none of its own would.
type anythingBut struct {
	equal literals
	tests []test
}

func (a anythingBut) matches(v scalar) bool {
	excluded := leaf{equal: a.equal, tests: a.tests}
	return !excluded.wants(v)
}
