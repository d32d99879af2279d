package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// TestCloseOnAFullDisk ends a process whose disk is full while a write waits
// for room: it ends all the same, says why, and loses nothing acknowledged.
func TestCloseOnAFullDisk(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		disk := &smallDisk{FS: vfs.NewMem()}
		disk.free.Store(4 << 20)
		d := openTest(t, DataConfig{Dir: "data", Reserve: 1 << 20, files: disk, Fatal: func(err error) { panic(err) }})
		d.Stage(func(c *Changes) { c.Put([]byte("large"), make([]byte, 6<<20)) })
		if err := d.Wait(context.Background()); !errors.Is(err, ErrFull) {
			t.Fatalf("the disk is not full: %v", err)
		}
		began := time.Now()
		if err := d.Close(); !errors.Is(err, ErrFull) || time.Since(began) > 2*closeMax {
			t.Errorf("after %s: %v, want ErrFull", time.Since(began), err)
		}
		disk.free.Store(64 << 20) // lets the test's own process end what it left behind
		time.Sleep(time.Minute)
	})
}

// TestOpenOnAFullDisk: whoever starts a process is told, not kept waiting.
func TestOpenOnAFullDisk(t *testing.T) {
	t.Parallel()
	refused := 0
	for free := int64(0); free < 6000; free += 150 {
		disk := &smallDisk{FS: vfs.NewMem()}
		disk.free.Store(free)
		ended := make(chan error, 2)
		go func() {
			d, err := OpenData(DataConfig{
				Dir: "data", Account: "123456789012", Region: "us-east-1", files: disk,
				Fatal: func(err error) {
					ended <- err
					runtime.Goexit() // as the process would
				},
			})
			if err == nil {
				disk.free.Store(1 << 30)
				err = d.Close()
			}
			ended <- err
		}()
		select {
		case err := <-ended:
			if err != nil {
				refused++
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("with %d bytes free it hangs", free)
		}
	}
	if refused < 5 {
		t.Errorf("refused %d times: the test does too little", refused)
	}
}

// TestStartThatWasKilled: a process killed while it made the directory leaves
// one that the next process takes.
func TestStartThatWasKilled(t *testing.T) {
	t.Parallel()
	for _, left := range [][]string{
		{"LOCK"}, {"LOCK", "weir.json.new"}, {"LOCK", "owner.pid", "weir.json.new"}, {"LOCK", "owner.pid.new"},
	} {
		dir := t.TempDir()
		for _, name := range left {
			overwrite(t, filepath.Join(dir, name), "")
		}
		if err := openTest(t, DataConfig{Dir: dir}).Close(); err != nil {
			t.Errorf("%v: %v", left, err)
		}
		if _, err := os.Stat(filepath.Join(dir, manifestName)); err != nil {
			t.Error(err)
		}
	}
}

// TestChangesAfterCloseAreNotTakenForKept: a call that outlives its cloud is refused.
func TestChangesAfterCloseAreNotTakenForKept(t *testing.T) {
	t.Parallel()
	d := openTest(t, DataConfig{Dir: t.TempDir()})
	d.Stage(func(c *Changes) { c.Put([]byte("k"), nil) })
	if err := errors.Join(d.Close(), d.Wait(t.Context())); err != nil {
		t.Errorf("what was staged in time: %v", err)
	}
	d.Stage(func(c *Changes) { c.Put([]byte("late"), nil) })
	if err := d.Wait(t.Context()); !errors.Is(err, ErrClosed) || !strings.Contains(err.Error(), "closed") {
		t.Errorf("what came too late: %v, want ErrClosed", err)
	}
}
