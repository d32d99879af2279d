package store

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// ErrFull is returned while the disk of the data directory has no room.
var ErrFull = errors.New("the disk of the data directory is full: free some space on it, writing goes on by itself")

// space watches the room on the disk, whenever something was written. Below the
// reserve new work is refused; a write that meets a full disk nevertheless
// waits until there is room again.
type space struct {
	cfg    DataConfig
	low    atomic.Bool  // less than the reserve is free
	open   atomic.Bool  // the store is, so a write may wait
	looked atomic.Int64 // Unix ns

	mu   sync.Mutex
	halt chan struct{} // closed while a write waits for room
}

// spaceEvery is how often the free space is looked at, at most. At the fastest
// rate of writing far less than the reserve fits in between.
const spaceEvery = 200 * time.Millisecond

func newSpace(cfg DataConfig) *space {
	s := &space{cfg: cfg, halt: make(chan struct{})}
	s.refresh()
	return s
}

// refresh looks if that was long enough ago.
func (s *space) refresh() {
	now := s.cfg.Wall.Now().UnixNano()
	if last := s.looked.Load(); now-last >= int64(spaceEvery) && s.looked.CompareAndSwap(last, now) {
		s.look()
	}
}

// look updates low; a disk that does not tell its free space counts as roomy.
func (s *space) look() {
	usage, err := s.cfg.files.GetDiskUsage(s.cfg.Dir)
	if err != nil {
		return
	}
	low := usage.AvailBytes < s.cfg.Reserve
	if s.low.Swap(low) == low {
		return
	}
	if low {
		s.cfg.Log.Warn("data: writes are refused, the disk is nearly full", "directory", s.cfg.Dir,
			"free", usage.AvailBytes, "reserve", s.cfg.Reserve)
		return
	}
	s.cfg.Log.Info("data: the disk has room again, writes are taken", "directory", s.cfg.Dir, "free", usage.AvailBytes)
}

// short tells whether new work is to be refused.
func (s *space) short() bool {
	if !s.low.Load() {
		return false
	}
	s.refresh()
	return s.low.Load()
}

// stalled is closed while a write waits for room.
func (s *space) stalled() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.halt
}

// await is called by the write that met a full disk, which is tried once more
// when it returns. Every other write waits with it. While the store is being
// opened none does: whoever starts the process is better told.
func (s *space) await() {
	if !s.open.Load() {
		return
	}
	s.low.Store(true)
	s.cfg.Log.Error("data: the disk is full, nothing is acknowledged until it has room", "directory", s.cfg.Dir)
	s.mu.Lock()
	close(s.halt)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		s.halt = make(chan struct{})
		s.mu.Unlock()
	}()
	for {
		usage, err := s.cfg.files.GetDiskUsage(s.cfg.Dir)
		if err == nil && usage.AvailBytes >= s.cfg.Reserve/2 {
			return
		}
		<-s.cfg.Wall.NewTimer(spaceEvery).C
	}
}

// fatal is pebble's last word: a write failed half-way and memory and disk
// would part. It must not return.
func (d *Data) fatal(err error) {
	d.cfg.Log.Error("data: the process ends, because the data directory cannot be written; what was acknowledged is kept",
		"directory", d.cfg.Dir, "error", err)
	d.cfg.Fatal(fmt.Errorf("data directory %s: %w", d.cfg.Dir, err))
}

// withoutRoom makes err say what to do if it tells that the disk is full.
func withoutRoom(err error) error {
	if errors.Is(err, syscall.ENOSPC) && !errors.Is(err, ErrFull) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}
