package store

import (
	"bytes"
	"errors"
	"os"
	"testing"

	"pgregory.net/rapid"
)

// TestSpillKeepsWhatItWasGiven writes, reads and frees at random and compares
// with a map; live extents never overlap, and freed room is used again.
func TestSpillKeepsWhatItWasGiven(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		s := NewSpill(dir)
		defer s.Close()
		kept := map[Extent][]byte{}
		peak, live := int64(0), int64(0)
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				data := bytes.Repeat([]byte{rapid.Byte().Draw(t, "byte")}, rapid.IntRange(1, 5000).Draw(t, "length"))
				at, err := s.Write(data)
				if err != nil {
					t.Fatal(err)
				}
				if _, taken := kept[at]; taken {
					t.Fatalf("extent %+v was given out twice", at)
				}
				kept[at] = data
				live += at.Length
				peak = max(peak, live)
			},
			"free": func(t *rapid.T) {
				for at := range kept {
					delete(kept, at)
					live -= at.Length
					s.Free(at)
					return
				}
				t.Skip("nothing to free")
			},
			"": func(t *rapid.T) {
				for at, want := range kept {
					got, err := s.Read(at, nil)
					if err != nil || !bytes.Equal(got, want) {
						t.Fatalf("extent %+v: %d bytes, %v; want %d", at, len(got), err, len(want))
					}
				}
			},
		})
		for at := range kept {
			s.Free(at)
		}
		if s.end > 0 && (len(s.free) != 1 || s.free[0] != (Extent{0, s.end})) {
			t.Fatalf("after everything was freed: %+v of %d bytes", s.free, s.end)
		}
	})
}

func TestSpillLeavesNoFileBehind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := NewSpill(dir)
	if _, err := s.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if _, err := s.Write([]byte("x")); !errors.Is(err, ErrClosed) {
		t.Errorf("write after close: %v", err)
	}
}

func TestSpillSaysWhereItCannotWrite(t *testing.T) {
	t.Parallel()
	s := NewSpill("/nonexistent/directory")
	if _, err := s.Write([]byte("x")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("write: %v", err)
	}
}
