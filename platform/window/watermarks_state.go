package window

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
)

// AppendBinary writes all sources and the joint watermark; equal states are
// written as equal bytes.
func (w *Watermarks) AppendBinary(dst []byte) ([]byte, error) {
	from := len(dst)
	dst = append(dst, stateVersion)
	dst = binary.BigEndian.AppendUint64(dst, uint64(w.current))
	dst = binary.AppendUvarint(dst, uint64(len(w.sources)))
	for _, name := range slices.Sorted(maps.Keys(w.sources)) {
		s := w.sources[name]
		dst = binary.AppendUvarint(dst, uint64(len(name)))
		dst = append(dst, name...)
		dst = binary.BigEndian.AppendUint64(dst, uint64(s.watermark))
		idle := byte(0)
		if s.idle {
			idle = 1
		}
		dst = append(dst, idle)
	}
	return binary.BigEndian.AppendUint32(dst, crc32.Checksum(dst[from:], castagnoli())), nil
}

// MarshalBinary is AppendBinary to new bytes.
func (w *Watermarks) MarshalBinary() ([]byte, error) { return w.AppendBinary(nil) }

// UnmarshalBinary replaces sources and watermark by what AppendBinary wrote; it
// changes nothing if it fails, with ErrCorrupt or ErrNewer. Sources that were
// not idle are given IdleAfter again, from the next Tick on.
func (w *Watermarks) UnmarshalBinary(data []byte) error {
	fields, err := open(nil, data)
	if err != nil {
		return fmt.Errorf("watermarks: %w", err)
	}
	r := NewReader(fields)
	current, sources := int64(r.Uint64()), map[string]*source{}
	last := ""
	for i := range r.Count() {
		name := string(r.Bytes(r.Count()))
		s := &source{watermark: int64(r.Uint64()), spoke: true}
		switch idle := r.Bytes(1); {
		case idle == nil:
		case idle[0] == 1:
			s.idle, s.spoke = true, false
		case idle[0] != 0:
			r.fail(fmt.Errorf("source %q is neither idle nor not", name))
		}
		if i > 0 && name <= last {
			r.fail(fmt.Errorf("source %q comes after %q", name, last))
		}
		sources[name], last = s, name
	}
	if err := r.Close(); err != nil {
		return fmt.Errorf("watermarks: %w: %w", ErrCorrupt, err)
	}
	w.current, w.sources = current, sources
	return nil
}
