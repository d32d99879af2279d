package kinesis

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// jsonScan reads JSON of the plain form that AWS's SDKs write. Whatever it does
// not expect (escapes, nulls, unknown members, mistakes) makes it give up, and
// encoding/json reads the same body again with all its care; so it is only
// ever faster, never different.
type jsonScan struct {
	body string
	at   int
	ok   bool
}

func (s *jsonScan) fail() { s.ok = false }

// peek is the next byte that is no white space, 0 at the end.
func (s *jsonScan) peek() byte {
	for s.at < len(s.body) {
		switch c := s.body[s.at]; c {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return c
		}
	}
	return 0
}

// token consumes c if it is next.
func (s *jsonScan) token(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.at++
	return true
}

func (s *jsonScan) expect(c byte) {
	if !s.token(c) {
		s.fail()
	}
}

// text reads a string without escapes.
func (s *jsonScan) text() string {
	s.expect('"')
	if !s.ok {
		return ""
	}
	n := strings.IndexByte(s.body[s.at:], '"')
	if n < 0 {
		s.fail()
		return ""
	}
	text := s.body[s.at : s.at+n]
	s.at += n + 1
	ascii := true
	for i := range len(text) {
		if c := text[i]; c < ' ' || c == '\\' {
			s.fail()
			return ""
		} else if c >= utf8.RuneSelf {
			ascii = false
		}
	}
	if !ascii && !utf8.ValidString(text) {
		s.fail()
	}
	return text
}

// object reads an object; member reads the value of each of its members.
func (s *jsonScan) object(member func(name string)) {
	s.expect('{')
	if !s.ok || s.token('}') {
		return
	}
	for s.ok {
		name := s.text()
		s.expect(':')
		if !s.ok {
			return
		}
		member(name)
		if s.ok && !s.token(',') {
			s.expect('}')
			return
		}
	}
}

// blob reads a base64 string into dst, which has the room.
func (s *jsonScan) blob(dst []byte) (data, rest []byte) {
	s.expect('"')
	if !s.ok {
		return nil, dst
	}
	n := strings.IndexByte(s.body[s.at:], '"')
	if n < 0 || base64.StdEncoding.DecodedLen(n) > len(dst) {
		s.fail()
		return nil, dst
	}
	text := s.body[s.at : s.at+n]
	s.at += n + 1
	// A line break may stand in base64 but not in JSON.
	used, err := base64.StdEncoding.Decode(dst, []byte(text))
	if err != nil || strings.ContainsAny(text, "\r\n") {
		s.fail()
		return nil, dst
	}
	return dst[:used:used], dst[used:]
}

// done reports whether everything was read as expected.
func (s *jsonScan) done() bool { return s.ok && s.peek() == 0 && s.at == len(s.body) }
