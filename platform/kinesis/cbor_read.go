package kinesis

import (
	"encoding/binary"
	"fmt"
	"math"
	"time"
)

// The major types of CBOR (RFC 8949 §3.1), and single bytes.
const (
	cborUint = iota
	cborNegative
	cborBytes
	cborText
	cborArray
	cborMap
	cborTag
	cborSimple

	cborNull  = 0xf6
	cborBreak = 0xff

	cborDepthMax = 16 // replies nest four levels
)

// cborScan reads one reply. A mistake anywhere ends it and stays in err; what is
// read after that is empty. No length that the reply names is believed beyond
// the bytes there are.
type cborScan struct {
	rest  []byte
	depth int
	err   error
	texts []string // a slab of strings that pointers in the reply point into
}

func (s *cborScan) fail(problem string) {
	if s.err == nil {
		s.err = fmt.Errorf("%w: it %s, %d bytes before its end", errCBOR, problem, len(s.rest))
	}
	s.rest = nil
}

// head reads an item's head; n is negative for an indefinite length.
func (s *cborScan) head() (major byte, n int64) {
	if len(s.rest) == 0 {
		s.fail("breaks off")
		return cborSimple, 0
	}
	first := s.rest[0]
	major, info := first>>5, first&0x1f
	size := 0
	switch {
	case info < 24:
		n = int64(info)
	case info <= 27:
		size = 1 << (info - 24)
	case info == 31:
		n = -1
	default:
		s.fail("has a reserved byte")
		return cborSimple, 0
	}
	if len(s.rest) < 1+size {
		s.fail("breaks off")
		return cborSimple, 0
	}
	digits := s.rest[1 : 1+size]
	for _, digit := range digits {
		n = n<<8 | int64(digit)
	}
	s.rest = s.rest[1+size:]
	isSized := major >= cborBytes && major <= cborMap
	if size > 0 && n < 0 || isSized && n > int64(len(s.rest)) {
		s.fail("names a length beyond its own")
		return cborSimple, 0
	}
	return major, n
}

// null steps over tags and, if that is what is next, a null.
func (s *cborScan) null() bool {
	for len(s.rest) > 0 && s.rest[0]>>5 == cborTag {
		s.head()
	}
	if len(s.rest) > 0 && s.rest[0] == cborNull {
		s.rest = s.rest[1:]
		return true
	}
	return s.err != nil
}

func (s *cborScan) isBreak() bool {
	if len(s.rest) > 0 && s.rest[0] == cborBreak {
		s.rest = s.rest[1:]
		return true
	}
	return false
}

// list reads an array, or nothing for a null; item reads each of its elements.
func (s *cborScan) list(item func()) { s.each(cborArray, item) }

// object reads a map; member reads the value under each name.
func (s *cborScan) object(member func(name string)) {
	s.each(cborMap, func() {
		member(string(s.chunks(cborText)))
	})
}

func (s *cborScan) each(want byte, item func()) {
	if s.null() {
		return
	}
	major, n := s.head()
	if s.depth++; major != want || s.depth > cborDepthMax {
		s.fail("holds a value of another type, or nests too deep")
	}
	for ; s.err == nil && n != 0 && !(n < 0 && s.isBreak()); n-- {
		item()
	}
	s.depth--
}

// chunks reads a byte or text string, nil for a null. One in a single piece is
// not copied.
func (s *cborScan) chunks(want byte) []byte {
	if s.null() {
		return nil
	}
	major, n := s.head()
	if major != want {
		s.fail("holds a value of another type")
		return nil
	}
	if n >= 0 {
		value := s.rest[:n:n]
		s.rest = s.rest[n:]
		return value
	}
	whole := []byte{}
	for s.err == nil && !s.isBreak() {
		major, n := s.head()
		if major != want || n < 0 {
			s.fail("has a string in pieces of another type")
			return nil
		}
		whole = append(whole, s.rest[:n]...)
		s.rest = s.rest[n:]
	}
	return whole
}

func (s *cborScan) text() *string {
	value := s.chunks(cborText)
	if value == nil {
		return nil
	}
	if len(s.texts) == cap(s.texts) {
		s.texts = make([]string, 0, min(len(s.rest)/64+1, 1024))
	}
	s.texts = append(s.texts, string(value))
	return &s.texts[len(s.texts)-1]
}

func (s *cborScan) integer() (n int64, ok bool) {
	if s.null() {
		return 0, false
	}
	switch major, n := s.head(); {
	case major == cborUint && n >= 0:
		return n, true
	case major == cborNegative && n >= 0:
		return -1 - n, true
	}
	s.fail("holds no integer where one belongs")
	return 0, false
}

// instant reads whole milliseconds, or seconds as a floating-point number.
func (s *cborScan) instant() *time.Time {
	if s.null() {
		return nil
	}
	at := time.Time{}
	if len(s.rest) >= 9 && s.rest[0] == cborSimple<<5|27 {
		seconds := math.Float64frombits(binary.BigEndian.Uint64(s.rest[1:]))
		s.rest = s.rest[9:]
		at = time.UnixMilli(int64(math.Round(seconds * 1000))).UTC()
		return &at
	}
	millis, ok := s.integer()
	if !ok {
		return nil
	}
	at = time.UnixMilli(millis).UTC()
	return &at
}

// skip steps over a value of a member that is not known here.
func (s *cborScan) skip() {
	if s.null() {
		return
	}
	if len(s.rest) == 0 {
		s.fail("breaks off")
		return
	}
	switch major := s.rest[0] >> 5; major {
	case cborBytes, cborText:
		s.chunks(major)
	case cborArray:
		s.list(s.skip)
	case cborMap:
		s.object(func(string) { s.skip() })
	default:
		s.head()
	}
}
