package opensearch

import (
	"errors"
	"fmt"
)

// scanner reads JSON in place, token by token: documents are looked at once, on
// their way into columns, and never built as maps.
type scanner struct {
	src   []byte
	pos   int
	depth int
}

// depthMax is how deep documents nest at most; the engine's own limit on the
// depth of fields is far lower.
const depthMax = 200

var errDepth = errors.New("document nests too deep")

// next skips white space and returns the byte that begins the next token, 0 at the end.
func (s *scanner) next() byte {
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

func (s *scanner) bad() error {
	if s.pos >= len(s.src) {
		return fmt.Errorf("unexpected end of JSON at byte %d", s.pos)
	}
	return fmt.Errorf("unexpected character %q at byte %d", s.src[s.pos], s.pos)
}

// object calls member with every name; member must consume the value.
func (s *scanner) object(member func(name []byte) error) error {
	if s.next() != '{' {
		return s.bad()
	}
	if s.depth++; s.depth > depthMax {
		return errDepth
	}
	s.pos++
	if s.next() == '}' {
		s.pos++
		s.depth--
		return nil
	}
	for {
		if s.next() != '"' {
			return s.bad()
		}
		name, err := s.text()
		if err != nil {
			return err
		}
		if s.next() != ':' {
			return s.bad()
		}
		s.pos++
		if err := member(name); err != nil {
			return err
		}
		more, err := s.more('}')
		if !more {
			return err
		}
	}
}

// array calls element for every element; element must consume it.
func (s *scanner) array(element func() error) error {
	if s.next() != '[' {
		return s.bad()
	}
	if s.depth++; s.depth > depthMax {
		return errDepth
	}
	s.pos++
	if s.next() == ']' {
		s.pos++
		s.depth--
		return nil
	}
	for {
		if err := element(); err != nil {
			return err
		}
		more, err := s.more(']')
		if !more {
			return err
		}
	}
}

// more consumes a comma, or what closes an object or array.
func (s *scanner) more(closing byte) (bool, error) {
	switch s.next() {
	case ',':
		s.pos++
		return true, nil
	case closing:
		s.pos++
		s.depth--
		return false, nil
	}
	return false, s.bad()
}

// number reads a number's literal and tells whether it is written as an integer.
func (s *scanner) number() (literal []byte, integer bool, err error) {
	start := s.pos
	if s.peek() == '-' {
		s.pos++
	}
	integer = true
	switch first := s.peek(); {
	case first == '0':
		s.pos++
	case !s.digits():
		return nil, false, s.bad()
	}
	if s.peek() == '.' {
		integer = false
		if s.pos++; !s.digits() {
			return nil, false, s.bad()
		}
	}
	if c := s.peek(); c == 'e' || c == 'E' {
		integer = false
		s.pos++
		if c := s.peek(); c == '+' || c == '-' {
			s.pos++
		}
		if !s.digits() {
			return nil, false, s.bad()
		}
	}
	return s.src[start:s.pos], integer, nil
}

func (s *scanner) peek() byte {
	if s.pos < len(s.src) {
		return s.src[s.pos]
	}
	return 0
}

func (s *scanner) digits() bool {
	start := s.pos
	for c := s.peek(); c >= '0' && c <= '9'; c = s.peek() {
		s.pos++
	}
	return s.pos > start
}

// word reads true, false or null.
func (s *scanner) word() (string, error) {
	for _, w := range [...]string{"true", "false", "null"} {
		if len(s.src)-s.pos >= len(w) && string(s.src[s.pos:s.pos+len(w)]) == w {
			s.pos += len(w)
			return w, nil
		}
	}
	return "", s.bad()
}

// skip consumes a value of any kind.
func (s *scanner) skip() error {
	var err error
	switch c := s.next(); {
	case c == '{':
		return s.object(func([]byte) error { return s.skip() })
	case c == '[':
		return s.array(s.skip)
	case c == '"':
		_, err = s.text()
	case c == '-' || c >= '0' && c <= '9':
		_, _, err = s.number()
	default:
		_, err = s.word()
	}
	return err
}

// end is nil if nothing but white space is left.
func (s *scanner) end() error {
	if s.next() != 0 || s.pos < len(s.src) {
		return s.bad()
	}
	return nil
}
