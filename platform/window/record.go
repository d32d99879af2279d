package window

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// A record's key is the engine's name, a slash, a letter for its kind and, but
// for the one meta record, eight bytes of time and the key of the entry. Its
// value is a version, fields, and the CRC-32C of key and value before it, so
// that neither a damaged value nor one under a foreign key is taken.
const (
	stateVersion = 1

	kindCell  = 'c' // an accumulator, by start: end − start, results, accumulator
	kindGiven = 'g' // results of a window, by end: how many
	kindMeta  = 'm' // the watermark, allowed lateness, windows
)

// What a StateError may wrap.
var (
	ErrCorrupt = errors.New("the value is damaged")
	ErrNewer   = errors.New("a newer version wrote it")
	ErrOther   = errors.New("it is of other windows")
)

// StateError says which record of saved state an engine does not take.
type StateError struct {
	Key []byte
	Err error
}

func (e *StateError) Error() string { return fmt.Sprintf("saved state %q: %v", e.Key, e.Err) }

func (e *StateError) Unwrap() error { return e.Err }

// arena is one piece of memory that many slices are cut from.
type arena []byte

// cut returns what was appended since from; nothing appended later shows in it.
func (a *arena) cut(from int) []byte { return (*a)[from:len(*a):len(*a)] }

// seal ends a value that began at from with the sum of its key and itself.
func (a *arena) seal(key []byte, from int) Change {
	*a = binary.BigEndian.AppendUint32(*a, checksum(key, (*a)[from:]))
	return Change{Key: key, Value: a.cut(from)}
}

func checksum(key, value []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli()), castagnoli(), value)
}

// castagnoli is a table that hash/crc32 makes once; processors have it built in.
func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// open checks a value and returns its fields.
func open(key, value []byte) ([]byte, error) {
	const ends = 1 + crc32.Size
	switch {
	case len(value) < ends:
		return nil, fmt.Errorf("%w: %d bytes are too few", ErrCorrupt, len(value))
	case value[0] > stateVersion:
		return nil, fmt.Errorf("%w: version %d, and this program reads up to %d", ErrNewer, value[0], stateVersion)
	}
	body, sum := value[:len(value)-crc32.Size], binary.BigEndian.Uint32(value[len(value)-crc32.Size:])
	if want := checksum(key, body); sum != want {
		return nil, fmt.Errorf("%w: checksum %08x, want %08x", ErrCorrupt, sum, want)
	}
	if body[0] != stateVersion {
		return nil, fmt.Errorf("%w: version %d", ErrCorrupt, body[0])
	}
	return body[1:], nil
}

// signBit makes instants sort as bytes, those before 1970 first.
const signBit = 1 << 63

func (e *Engine[K, E, A]) appendKey(dst []byte, kind byte, at int64, key string) []byte {
	dst = append(dst, e.cfg.Name...)
	dst = append(dst, '/', kind)
	if kind == kindMeta {
		return dst
	}
	dst = binary.BigEndian.AppendUint64(dst, uint64(at)^signBit)
	return append(dst, key...)
}

func (e *Engine[K, E, A]) cellRecord(a *arena, k *entry[K, A], c *cell[A]) Change {
	from := len(*a)
	*a = e.appendKey(*a, kindCell, c.start, k.bytes)
	key := a.cut(from)
	from = len(*a)
	*a = append(*a, stateVersion)
	length := int64(0) // of windows that are cut alike it is known
	if e.grid.gap != 0 {
		length = c.end - c.start
	}
	*a = binary.AppendUvarint(*a, uint64(length))
	*a = binary.AppendUvarint(*a, uint64(c.results))
	*a = e.cfg.State.Append(*a, &c.acc)
	return a.seal(key, from)
}

func (e *Engine[K, E, A]) givenRecord(a *arena, k *entry[K, A], g *given) Change {
	from := len(*a)
	*a = e.appendKey(*a, kindGiven, g.end, k.bytes)
	key := a.cut(from)
	from = len(*a)
	*a = append(*a, stateVersion)
	*a = binary.AppendUvarint(*a, uint64(g.results))
	return a.seal(key, from)
}

func (e *Engine[K, E, A]) metaRecord(a *arena) Change {
	from := len(*a)
	*a = e.appendKey(*a, kindMeta, 0, "")
	key := a.cut(from)
	from = len(*a)
	*a = append(*a, stateVersion)
	*a = binary.BigEndian.AppendUint64(*a, uint64(e.watermark))
	*a = binary.AppendUvarint(*a, uint64(e.late))
	*a = append(*a, e.cfg.Windows.String()...)
	return a.seal(key, from)
}
