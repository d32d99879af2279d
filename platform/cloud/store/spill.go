// Package store is where the embedded cloud keeps what memory does not hold.
package store

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
)

// Spill keeps blobs in one temporary file, so that memory stays bounded while
// nothing is dropped. The file is made at the first write and vanishes with the
// process: on systems that allow it, it has no name from the start, so not even
// a crash leaves it behind. Nothing in it survives a restart. Safe for
// concurrent use.
type Spill struct {
	dir string

	mu     sync.Mutex
	file   *os.File
	end    int64    // of the file
	free   []Extent // sorted by offset, never adjacent
	closed bool
}

// Extent is where a blob lies.
type Extent struct {
	Offset int64
	Length int64
}

// NewSpill spills into dir; "" means the system's temporary directory. It
// touches no disk yet.
func NewSpill(dir string) *Spill { return &Spill{dir: dir} }

// ErrClosed is returned after Close.
var ErrClosed = errors.New("the store is closed")

// Write stores data and returns where. The caller may reuse data.
func (s *Spill) Write(data []byte) (Extent, error) {
	at, file, err := s.allocate(int64(len(data)))
	if err != nil {
		return Extent{}, err
	}
	if _, err := file.WriteAt(data, at.Offset); err != nil {
		s.Free(at)
		return Extent{}, fmt.Errorf("spill %d bytes: %w", len(data), err)
	}
	return at, nil
}

// Read fills buf, grown if needed, with the blob at an extent that Write
// returned and Free has not had.
func (s *Spill) Read(at Extent, buf []byte) ([]byte, error) {
	s.mu.Lock()
	file := s.file
	s.mu.Unlock()
	if file == nil {
		return nil, ErrClosed
	}
	buf = slices.Grow(buf[:0], int(at.Length))[:at.Length]
	if _, err := file.ReadAt(buf, at.Offset); err != nil {
		return nil, fmt.Errorf("read %d spilled bytes: %w", at.Length, err)
	}
	return buf, nil
}

// Free gives an extent back for later writes.
func (s *Spill) Free(at Extent) {
	if at.Length == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	i, _ := slices.BinarySearchFunc(s.free, at.Offset, func(e Extent, offset int64) int {
		return int(max(-1, min(1, e.Offset-offset)))
	})
	if i < len(s.free) && at.Offset+at.Length == s.free[i].Offset {
		at.Length += s.free[i].Length
		s.free = slices.Delete(s.free, i, i+1)
	}
	if i > 0 && s.free[i-1].Offset+s.free[i-1].Length == at.Offset {
		s.free[i-1].Length += at.Length
		return
	}
	s.free = slices.Insert(s.free, i, at)
}

// allocate takes the first free extent that is large enough, else the file's end.
func (s *Spill) allocate(length int64) (Extent, *os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.open(); err != nil {
		return Extent{}, nil, err
	}
	for i := range s.free {
		if f := &s.free[i]; f.Length >= length {
			at := Extent{f.Offset, length}
			f.Offset, f.Length = f.Offset+length, f.Length-length
			if f.Length == 0 {
				s.free = slices.Delete(s.free, i, i+1)
			}
			return at, s.file, nil
		}
	}
	at := Extent{s.end, length}
	s.end += length
	return at, s.file, nil
}

// open makes the file; the caller holds mu.
func (s *Spill) open() error {
	if s.closed {
		return ErrClosed
	}
	if s.file != nil {
		return nil
	}
	file, err := os.CreateTemp(s.dir, "weir-spill-*")
	if err != nil {
		return fmt.Errorf("make a spill file: %w", err)
	}
	_ = os.Remove(file.Name()) // where an open file cannot be removed, Close does it
	s.file = file
	return nil
}

// Close releases the file.
func (s *Spill) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.file == nil {
		return nil
	}
	file := s.file
	s.file = nil
	err := file.Close()
	_ = os.Remove(file.Name()) // gone already, most often
	if err != nil {
		return fmt.Errorf("close the spill file: %w", err)
	}
	return nil
}
