package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/weirstream/weir/platform/clock"
)

// Data is one directory in which the services of a cloud keep what must
// survive the process. All changes of all services stand in one order: a crash
// leaves a prefix of it, never a change without those staged before it.
//
// A service changes its memory and stages the same change here, both under the
// lock that orders the two; whoever tells a caller of it calls Wait first. So
// nothing is acknowledged, and nothing read, that a crash could take back.
// Changes staged while the disk is busy are written together, with one sync.
//
// A nil *Data keeps nothing: Stage drops changes, Wait returns at once.
// Safe for concurrent use.
type Data struct {
	cfg     DataConfig
	db      *pebble.DB
	keyring *Keyring
	tally   *tally
	space   *space
	writer  sync.WaitGroup

	mu     sync.Mutex
	staged []*group // not yet being written, in order
	taken  *group   // being written
	wake   chan struct{}
	closed bool
	// dropped says that changes came after Close: whoever waits must not take
	// them for kept.
	dropped bool
}

// DataConfig opens a Data; zero fields take defaults.
type DataConfig struct {
	Dir     string // made if absent
	Account string // whose data it is: a directory of another account or region is refused
	Region  string
	// KeyFile holds the master key of what is encrypted at rest, 32 bytes in
	// hexadecimal digits, and is made if absent. "" means master.key in Dir;
	// who keeps it elsewhere can give the directory away.
	KeyFile string
	// Reserve is the free space, in bytes, below which writes are refused
	// while there is still room to finish what was begun. 0 means 128 MiB.
	Reserve uint64
	Wall    clock.Clock  // nil means clock.Wall
	Log     *slog.Logger // nil discards
	// Fatal ends the process after a write that can neither be finished nor
	// taken back. It must not return; nil exits with status 1.
	Fatal func(error)

	files vfs.FS // tests put one that fails here
}

// groupBytes is how much a group takes in: beyond, its memory would count more
// than the sync it saves.
const groupBytes = 2 << 20

// group is a run of changes that become durable together.
type group struct {
	batch *pebble.Batch
	done  chan struct{} // closed once err says how it went
	err   error
}

// OpenData takes the directory for this process alone, brings it to the state
// of the last change that was waited for, or a later one, and checks that it
// is whole. Its errors say what to do: ErrInUse, ErrNewer, ErrOther, ErrDamaged.
func OpenData(cfg DataConfig) (_ *Data, err error) {
	cfg = cfg.withDefaults()
	d := &Data{cfg: cfg, wake: make(chan struct{}, 1)}
	m, lock, err := takeDir(cfg)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, lock.Close()) }() // pebble holds it on
	if d.keyring, err = openKeyring(cfg, m); err != nil {
		return nil, err
	}
	d.space = newSpace(cfg)
	options := d.options(lock)
	options.ErrorIfNotExists = m.Ready
	if d.db, err = pebble.Open(cfg.Dir, options); err != nil {
		return nil, damaged(cfg.Dir, withoutRoom(err))
	}
	if !m.Ready || m.Key == nil {
		m.Ready, m.Key = true, d.keyring.Seal(checkName, nil, nil)
		if err := m.write(cfg); err != nil {
			return nil, errors.Join(fmt.Errorf("data directory %s: %w", cfg.Dir, err), d.db.Close())
		}
	}
	if err := d.openTally(); err != nil {
		return nil, errors.Join(err, d.db.Close())
	}
	d.space.open.Store(true)
	d.writer.Go(d.write)
	return d, nil
}

func (d *Data) openTally() error {
	stored, err := d.Get(tallyKey())
	if err != nil {
		return err
	}
	var count uint64
	if len(stored) == 8 {
		count = binary.BigEndian.Uint64(stored)
	}
	d.tally, err = openTally(d.cfg, count)
	return err
}

// Stage adds the changes that fn makes to those on their way to disk: all of
// them or none survive. It does not wait. fn must not call d.
func (d *Data) Stage(fn func(*Changes)) {
	if d == nil {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		d.dropped = true
		return
	}
	last := len(d.staged) - 1
	if last < 0 || d.staged[last].batch.Len() > groupBytes {
		d.staged = append(d.staged, &group{batch: d.db.NewBatch(), done: make(chan struct{})})
		last++
	}
	fn(&Changes{batch: d.staged[last].batch})
	select {
	case d.wake <- struct{}{}:
	default: // the writer has been told
	}
}

// Wait returns when every change staged before the call is on disk: nil; or
// when it cannot be written now: ErrFull, and it may or may not survive; or
// when one came after Close: ErrClosed, and it does not.
func (d *Data) Wait(ctx context.Context) error {
	if d == nil {
		return nil
	}
	d.mu.Lock()
	last, dropped := d.taken, d.dropped
	if n := len(d.staged); n > 0 {
		last = d.staged[n-1]
	}
	d.mu.Unlock()
	if dropped {
		return ErrClosed
	}
	if last == nil {
		return nil
	}
	select {
	case <-last.done:
		return last.err
	case <-d.space.stalled():
		return ErrFull
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Admit refuses new work while the disk is full or nearly so: ErrFull.
func (d *Data) Admit() error {
	if d == nil || !d.space.short() {
		return nil
	}
	return ErrFull
}

// write commits groups, one after the other, until Close.
func (d *Data) write() {
	for range d.wake {
		for g := d.take(); g != nil; g = d.take() {
			_ = g.batch.Set(tallyKey(), d.tally.next(), nil) // in memory: never fails
			g.err = d.db.Apply(g.batch, pebble.Sync)
			if g.err != nil { // what comes later must not be taken for kept without it
				d.fatal(g.err)
			}
			d.tally.note()
			d.space.refresh()
			d.finish(g)
		}
	}
}

func (d *Data) take() *group {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.staged) == 0 {
		return nil
	}
	d.taken, d.staged = d.staged[0], d.staged[1:]
	return d.taken
}

func (d *Data) finish(g *group) {
	d.mu.Lock()
	d.taken = nil
	d.mu.Unlock()
	if err := g.batch.Close(); err != nil && g.err == nil {
		g.err = err
	}
	close(g.done)
}

// closeMax is how long Close waits for what is staged to be written. Only a
// full disk takes longer.
const closeMax = 10 * time.Second

// Close writes what is staged and gives the directory up. If the disk stays
// full it returns ErrFull: what is staged then goes with the process, and
// nobody was told that it is kept.
func (d *Data) Close() error {
	if d == nil {
		return nil
	}
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return nil
	}
	d.closed = true
	close(d.wake) // a wake-up already sent is still received
	d.mu.Unlock()
	ended := make(chan error, 1)
	go func() { // left behind where a write waits for room that does not come
		d.writer.Wait()
		ended <- errors.Join(d.tally.close(), d.db.Close())
	}()
	patience := d.cfg.Wall.NewTimer(closeMax)
	defer patience.Stop()
	var err error
	select {
	case err = <-ended:
	case <-patience.C:
		err = ErrFull
	}
	if err != nil {
		return fmt.Errorf("close the data directory %s: %w", d.cfg.Dir, err)
	}
	return nil
}
