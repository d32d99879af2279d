package store

import (
	"bytes"
	"context"
	"errors"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// smallDisk is a file system with little room: writes take from free and fail
// when there is not enough.
type smallDisk struct {
	vfs.FS
	free atomic.Int64
}

func (s *smallDisk) GetDiskUsage(string) (vfs.DiskUsage, error) {
	return vfs.DiskUsage{AvailBytes: uint64(max(0, s.free.Load()))}, nil
}

func (s *smallDisk) Create(name string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := s.FS.Create(name, category)
	return smallFile{f, s}, err
}

type smallFile struct {
	vfs.File
	disk *smallDisk
}

func (f smallFile) Write(p []byte) (int, error) {
	if f.disk.free.Add(-int64(len(p))) < 0 {
		f.disk.free.Add(int64(len(p)))
		return 0, syscall.ENOSPC
	}
	return f.File.Write(p)
}

// TestFullDiskRefusesAndRecovers fills the disk within one look at its free
// space, so that a write meets it full: its waiter is told, new work is
// refused, and when there is room again all goes on and nothing is missing.
func TestFullDiskRefusesAndRecovers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		disk := &smallDisk{FS: vfs.NewMem()}
		disk.free.Store(4 << 20)
		d := openTest(t, DataConfig{
			Dir: "data", Reserve: 1 << 20, files: disk,
			Fatal: func(err error) { panic(err) },
		})
		put := func(key string, size int) error {
			d.Stage(func(c *Changes) { c.Put([]byte(key), bytes.Repeat([]byte("x"), size)) })
			return d.Wait(context.Background())
		}
		if err := errors.Join(d.Admit(), put("before", 100)); err != nil {
			t.Fatal(err)
		}
		if err := put("on the way", 6<<20); !errors.Is(err, ErrFull) {
			t.Fatalf("a write that met the full disk: %v, want ErrFull", err)
		}
		if err := d.Admit(); !errors.Is(err, ErrFull) {
			t.Fatalf("while it is full: %v, want ErrFull", err)
		}
		disk.free.Store(64 << 20)
		time.Sleep(2 * spaceEvery) // the bubble's time
		if err := errors.Join(d.Admit(), put("after", 100)); err != nil {
			t.Fatalf("with room again: %v", err)
		}
		for key, size := range map[string]int{"before": 100, "on the way": 6 << 20, "after": 100} {
			if value, err := d.Get([]byte(key)); err != nil || len(value) != size {
				t.Errorf("%q: %d bytes, %v; want %d", key, len(value), err, size)
			}
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
}

// TestNearlyFullDiskRefuses: below the reserve new work is refused while what
// was begun can still be written.
func TestNearlyFullDiskRefuses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		disk := &smallDisk{FS: vfs.NewMem()}
		disk.free.Store(8 << 20)
		d := openTest(t, DataConfig{Dir: "data", Reserve: 4 << 20, files: disk, Fatal: func(err error) { panic(err) }})
		disk.free.Store(3 << 20)
		time.Sleep(2 * spaceEvery) // the bubble's time
		d.Stage(func(c *Changes) { c.Put([]byte("begun"), []byte("x")) })
		if err := d.Wait(context.Background()); err != nil {
			t.Errorf("what was begun: %v", err)
		}
		if err := d.Admit(); !errors.Is(err, ErrFull) {
			t.Errorf("new work: %v, want ErrFull", err)
		}
		disk.free.Store(8 << 20)
		time.Sleep(2 * spaceEvery)
		if err := errors.Join(d.Admit(), d.Close()); err != nil {
			t.Errorf("with room again: %v", err)
		}
	})
}

func TestKeyringBindsToPlaceAndName(t *testing.T) {
	t.Parallel()
	k := NewKeyring()
	sealed := k.Seal("a", []byte("here"), []byte("secret"))
	if bytes.Contains(sealed, []byte("secret")) {
		t.Error("the text can be read")
	}
	if plain, err := k.Open("a", []byte("here"), sealed); err != nil || string(plain) != "secret" {
		t.Errorf("open: %q, %v", plain, err)
	}
	for name, try := range map[string]func() ([]byte, error){
		"another name":  func() ([]byte, error) { return k.Open("b", []byte("here"), sealed) },
		"another place": func() ([]byte, error) { return k.Open("a", []byte("there"), sealed) },
		"another ring":  func() ([]byte, error) { return NewKeyring().Open("a", []byte("here"), sealed) },
		"cut":           func() ([]byte, error) { return k.Open("a", []byte("here"), sealed[:5]) },
	} {
		if plain, err := try(); err == nil {
			t.Errorf("%s: opened as %q", name, plain)
		}
	}
}
