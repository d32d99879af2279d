// Package storetest keeps services' data in memory for tests, which close it,
// crash it and open it again.
package storetest

import (
	"context"
	"math/rand/v2"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/weirstream/weir/platform/cloud/store"
)

// TB is what Disk needs of a test; *testing.T and *rapid.T have it.
type TB interface {
	Helper()
	Fatal(args ...any)
}

// Disk is a data directory on a disk in memory. It opens one Data at a time.
type Disk struct {
	t     TB
	files *vfs.MemFS
	data  *store.Data
}

// New returns an empty disk with an open directory; Close ends it.
func New(t TB) *Disk {
	t.Helper()
	d := &Disk{t: t, files: vfs.NewCrashableMem()}
	d.open()
	return d
}

// Data is the directory as it was opened last.
func (d *Disk) Data() *store.Data { return d.data }

// Wait returns when what was staged is on disk, as the cloud does before it replies.
func (d *Disk) Wait() {
	d.t.Helper()
	if err := d.data.Wait(context.Background()); err != nil {
		d.t.Fatal(err)
	}
}

// Reopen closes the directory, as at a clean end, and opens it again.
func (d *Disk) Reopen() {
	d.t.Helper()
	d.Close()
	d.open()
}

// Crash takes the power away once what was staged is on disk, keeps at random
// parts of what was written but not synced, and opens what is left.
func (d *Disk) Crash(random *rand.Rand) {
	d.t.Helper()
	d.Wait()
	left := d.files.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: random.IntN(101), RNG: random})
	d.Close()
	d.files = left
	d.open()
}

// Close gives the directory up.
func (d *Disk) Close() {
	d.t.Helper()
	if err := d.data.Close(); err != nil {
		d.t.Fatal(err)
	}
}

func (d *Disk) open() {
	d.t.Helper()
	data, err := store.OpenData(store.DataConfig{Dir: "data", Account: "123456789012", Region: "us-east-1"}.On(d.files))
	if err != nil {
		d.t.Fatal(err)
	}
	d.data = data
}
