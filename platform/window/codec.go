package window

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Codec writes a value as bytes and reads it back. Append must give equal
// values equal bytes and, for keys, different values different bytes. Decode
// must not keep data.
type Codec[T any] struct {
	Append func(dst []byte, value *T) []byte
	Decode func(data []byte, value *T) error
}

func (c Codec[T]) complete() bool { return c.Append != nil && c.Decode != nil }

// StringKeys is the codec of keys that are text.
func StringKeys[K ~string]() Codec[K] {
	return Codec[K]{
		Append: func(dst []byte, key *K) []byte { return append(dst, *key...) },
		Decode: func(data []byte, key *K) error { *key = K(data); return nil },
	}
}

// errShort says that encoded bytes end before what they announce.
var errShort = errors.New("the bytes end too early")

// Reader reads what encoding/binary's Append functions wrote, for codecs. After
// the first failure it reads zeros, so that only Close needs to be checked.
type Reader struct {
	rest []byte
	err  error
}

// NewReader returns a reader of data, which it does not keep beyond its use.
func NewReader(data []byte) *Reader { return &Reader{rest: data} }

// Uvarint reads what binary.AppendUvarint wrote.
func (r *Reader) Uvarint() uint64 {
	value, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.fail(errShort)
		return 0
	}
	r.rest = r.rest[n:]
	return value
}

// Varint reads what binary.AppendVarint wrote.
func (r *Reader) Varint() int64 {
	value, n := binary.Varint(r.rest)
	if n <= 0 {
		r.fail(errShort)
		return 0
	}
	r.rest = r.rest[n:]
	return value
}

// Count reads a number of things that follow, each of at least one byte.
func (r *Reader) Count() int {
	n := r.Uvarint()
	if n > uint64(len(r.rest)) {
		r.fail(fmt.Errorf("%d things announced in %d bytes", n, len(r.rest)))
		return 0
	}
	return int(n)
}

// Bytes reads n bytes; they belong to the reader's data.
func (r *Reader) Bytes(n int) []byte {
	if r.err != nil || n < 0 || n > len(r.rest) {
		r.fail(errShort)
		return nil
	}
	read := r.rest[:n]
	r.rest = r.rest[n:]
	return read
}

// Uint64 reads eight bytes, the highest first.
func (r *Reader) Uint64() uint64 {
	if b := r.Bytes(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// Rest reads what is left.
func (r *Reader) Rest() []byte { return r.Bytes(len(r.rest)) }

func (r *Reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.rest = nil
}

// Close says what failed first; bytes that nobody read are a failure too.
func (r *Reader) Close() error {
	if r.err == nil && len(r.rest) > 0 {
		return fmt.Errorf("%d bytes are left over", len(r.rest))
	}
	return r.err
}
