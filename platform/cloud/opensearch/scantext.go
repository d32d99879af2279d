package opensearch

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// text reads a string; without escapes it is a part of src.
func (s *scanner) text() ([]byte, error) {
	s.pos++ // the quote
	start := s.pos
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; {
		case c == '"':
			text := s.src[start:s.pos]
			s.pos++
			if !utf8.Valid(text) {
				return nil, fmt.Errorf("invalid UTF-8 in the string at byte %d", start)
			}
			return text, nil
		case c == '\\':
			return s.escaped(start)
		case c < ' ':
			return nil, s.bad()
		}
		s.pos++
	}
	return nil, s.bad()
}

// escaped goes on with a string at its first backslash.
func (s *scanner) escaped(start int) ([]byte, error) {
	out := bytes.Clone(s.src[start:s.pos])
	for s.pos < len(s.src) {
		c := s.src[s.pos]
		switch {
		case c == '"':
			s.pos++
			if !utf8.Valid(out) {
				return nil, fmt.Errorf("invalid UTF-8 in the string at byte %d", start)
			}
			return out, nil
		case c < ' ':
			return nil, s.bad()
		case c != '\\':
			out = append(out, c)
			s.pos++
			continue
		}
		s.pos++
		var err error
		if out, err = s.escape(out); err != nil {
			return nil, err
		}
	}
	return nil, s.bad()
}

func (s *scanner) escape(out []byte) ([]byte, error) {
	if s.pos >= len(s.src) {
		return nil, s.bad()
	}
	const names, values = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	c := s.src[s.pos]
	if i := bytes.IndexByte([]byte(names), c); i >= 0 {
		s.pos++
		return append(out, values[i]), nil
	}
	if c != 'u' {
		return nil, s.bad()
	}
	first, err := s.hex4()
	if err != nil {
		return nil, err
	}
	if utf16.IsSurrogate(first) && bytes.HasPrefix(s.src[s.pos:], []byte(`\u`)) {
		s.pos++
		second, err := s.hex4()
		if err != nil {
			return nil, err
		}
		first = utf16.DecodeRune(first, second)
	}
	return utf8.AppendRune(out, first), nil // a lone surrogate becomes U+FFFD
}

// hex4 reads the four digits after the u at pos.
func (s *scanner) hex4() (rune, error) {
	if s.pos+5 > len(s.src) {
		return 0, s.bad()
	}
	v, err := strconv.ParseUint(string(s.src[s.pos+1:s.pos+5]), 16, 32)
	if err != nil {
		return 0, s.bad()
	}
	s.pos += 5
	return rune(v), nil
}
