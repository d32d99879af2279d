package eventpattern

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// The functions here walk JSON that is known to be valid, without decoding
// what nobody asks for.

// member is one name and value of an object.
type member struct {
	ok                   bool
	nameStart, nameEnd   int // with the quotes
	valueStart, valueEnd int
}

// firstMember finds the first member of the object that b begins with.
func firstMember(b []byte) member { return memberAt(b, skipSpace(b, 1)) }

func (m member) next(b []byte) member {
	i := skipSpace(b, m.valueEnd)
	if b[i] != ',' {
		return member{}
	}
	return memberAt(b, skipSpace(b, i+1))
}

func memberAt(b []byte, i int) member {
	if b[i] != '"' {
		return member{}
	}
	m := member{ok: true, nameStart: i, nameEnd: skipString(b, i)}
	m.valueStart = skipSpace(b, skipSpace(b, m.nameEnd)+1)
	m.valueEnd = skipValue(b, m.valueStart)
	return m
}

func (m member) name(b []byte) []byte  { return unquote(b[m.nameStart:m.nameEnd]) }
func (m member) value(b []byte) []byte { return b[m.valueStart:m.valueEnd] }

// element is one value of an array.
type element struct {
	ok         bool
	start, end int
}

// firstElement finds the first element of the array that b begins with.
func firstElement(b []byte) element {
	i := skipSpace(b, 1)
	if b[i] == ']' {
		return element{}
	}
	return element{true, i, skipValue(b, i)}
}

func (e element) next(b []byte) element {
	i := skipSpace(b, e.end)
	if b[i] != ',' {
		return element{}
	}
	i = skipSpace(b, i+1)
	return element{true, i, skipValue(b, i)}
}

func (e element) value(b []byte) []byte { return b[e.start:e.end] }

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// skipString returns the place after the string that begins at i.
func skipString(b []byte, i int) int {
	for i++; b[i] != '"'; i++ {
		if b[i] == '\\' {
			i++
		}
	}
	return i + 1
}

// skipValue returns the place after the value that begins at i.
func skipValue(b []byte, i int) int {
	depth := 0
	for {
		switch b[i] {
		case '"':
			i = skipString(b, i)
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		case ',', ':', ' ', '\t', '\n', '\r': // only inside of something
			i++
			continue
		default:
			for i < len(b) && !isDelimiter(b[i]) {
				i++
			}
		}
		if depth == 0 {
			return i
		}
	}
}

func isDelimiter(c byte) bool {
	switch c {
	case ',', ':', '}', ']', ' ', '\t', '\n', '\r':
		return true
	}
	return false
}

// unquote is the text of a string literal: a part of it where that is possible.
func unquote(literal []byte) []byte {
	inner := literal[1 : len(literal)-1]
	if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return inner
	}
	var text string
	if err := json.Unmarshal(literal, &text); err != nil {
		return inner // not valid JSON, against the promise
	}
	return []byte(text)
}
