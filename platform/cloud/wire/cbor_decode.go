package wire

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"unicode/utf8"
)

const (
	cborMaxDepth = 64 // AWS's inputs nest a handful of levels
	// What one body may make the decoder allocate: a fixed allowance, and this
	// many times its size. Inputs that mean anything stay far below it.
	cborAllowance  = 1 << 20
	cborAllocRatio = 32
)

// cborReader reads one body. Byte strings share the body's memory, unless they
// come in chunks.
type cborReader struct {
	dialect cborDialect
	body    []byte
	at      int
	depth   int
	budget  int // bytes that may still be allocated
	members map[reflect.Type]map[string][]int
}

// decodeCBOR reads one CBOR map into in. Unknown members are ignored; a body
// that does not parse, is no map, holds a value of the wrong type or would take
// memory out of proportion is a SerializationException.
func decodeCBOR(dialect cborDialect, body []byte, in any) error {
	r := cborReader{
		dialect: dialect, body: body, budget: cborAllowance + cborAllocRatio*len(body),
		members: make(map[reflect.Type]map[string][]int),
	}
	r.tags()
	if r.at >= len(body) || body[r.at]>>5 != cborMap {
		return serializationError("Start of structure or map expected")
	}
	v := reflect.ValueOf(in)
	if v.Kind() != reflect.Pointer {
		return fmt.Errorf("decode cbor into %T: want a pointer", in)
	}
	if err := r.value(v.Elem()); err != nil {
		return err
	}
	if r.at != len(body) {
		return serializationError("The body goes on after its end at byte %d", r.at)
	}
	return nil
}

func (r *cborReader) malformed() error {
	return serializationError("The body is not valid CBOR at byte %d", r.at)
}

// spend refuses memory out of proportion to the body.
func (r *cborReader) spend(n int) error {
	if r.budget -= n; r.budget < 0 {
		return serializationError("The body has more elements than its size allows")
	}
	return nil
}

func (r *cborReader) enter() error {
	if r.depth++; r.depth > cborMaxDepth {
		return serializationError("The body is nested deeper than %d levels", cborMaxDepth)
	}
	return nil
}

// cborItem is the head of one data item.
type cborItem struct {
	major      byte
	info       byte
	n          uint64
	indefinite bool
}

// next reads an item's head. A break is an error here: callers that allow one
// ask for it before.
func (r *cborReader) next() (cborItem, error) {
	if r.at >= len(r.body) {
		return cborItem{}, r.malformed()
	}
	first := r.body[r.at]
	item := cborItem{major: first >> 5, info: first & 0x1f}
	size := 0
	switch {
	case item.info < 24:
		item.n = uint64(item.info)
	case item.info <= 27:
		size = 1 << (item.info - 24)
	case item.info == 31 && item.major >= cborBytes && item.major <= cborMap:
		item.indefinite = true
	default:
		return cborItem{}, r.malformed()
	}
	if len(r.body)-r.at-1 < size {
		return cborItem{}, r.malformed()
	}
	digits := r.body[r.at+1:]
	switch size {
	case 1:
		item.n = uint64(digits[0])
	case 2:
		item.n = uint64(binary.BigEndian.Uint16(digits))
	case 4:
		item.n = uint64(binary.BigEndian.Uint32(digits))
	case 8:
		item.n = binary.BigEndian.Uint64(digits)
	}
	r.at += 1 + size
	// Every element takes a byte or more, so a longer claim is a lie.
	if item.major >= cborBytes && item.major <= cborMap && item.n > uint64(len(r.body)-r.at) {
		return cborItem{}, r.malformed()
	}
	return item, nil
}

// tags steps over the tags in front of an item: what a tagged value means, the
// field that it goes to says.
func (r *cborReader) tags() {
	for r.at < len(r.body) && r.body[r.at]>>5 == cborTag {
		if _, err := r.next(); err != nil {
			return // the item's own reading fails on it
		}
	}
}

func (r *cborReader) isBreak() bool {
	if r.at < len(r.body) && r.body[r.at] == cborBreak {
		r.at++
		return true
	}
	return false
}

// each calls element for every element of an array, or pair of a map.
func (r *cborReader) each(item cborItem, element func() error) error {
	if err := r.enter(); err != nil {
		return err
	}
	defer func() { r.depth-- }()
	for i := uint64(0); item.indefinite || i < item.n; i++ {
		if item.indefinite && r.isBreak() {
			return nil
		}
		if err := element(); err != nil {
			return err
		}
	}
	return nil
}

// bytes reads the content of a byte or text string whose head is item.
func (r *cborReader) bytes(item cborItem) ([]byte, error) {
	if !item.indefinite {
		content := r.body[r.at : r.at+int(item.n) : r.at+int(item.n)]
		r.at += int(item.n)
		return content, nil
	}
	all := []byte{}
	for !r.isBreak() {
		chunk, err := r.next()
		if err != nil {
			return nil, err
		}
		if chunk.major != item.major || chunk.indefinite {
			return nil, r.malformed()
		}
		content, _ := r.bytes(chunk) // of a definite length: cannot fail
		all = append(all, content...)
	}
	return all, nil
}

func (r *cborReader) text(item cborItem) ([]byte, error) {
	content, err := r.bytes(item)
	if err == nil && !utf8.Valid(content) {
		return nil, serializationError("The text that ends at byte %d is not valid UTF-8", r.at)
	}
	return content, err
}

// skip reads over one item of any kind.
func (r *cborReader) skip() error {
	r.tags()
	item, err := r.next()
	if err != nil {
		return err
	}
	switch item.major {
	case cborBytes, cborText:
		_, err = r.bytes(item)
		return err
	case cborArray:
		return r.each(item, r.skip)
	case cborMap:
		return r.each(item, func() error {
			if err := r.skip(); err != nil {
				return err
			}
			return r.skip()
		})
	}
	return nil
}
