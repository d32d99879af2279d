package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// tally notes in a file of its own how many groups are on disk, and every group
// carries its number. A write-ahead log that lost its end to damage looks like
// one that a crash cut; the tally tells them apart. It is written after the
// group is synced and is not synced itself: after a power cut it may lag behind,
// and then notices less, but it never runs ahead.
type tally struct {
	file    vfs.File
	count   uint64
	log     *slog.Logger
	failing bool
}

const (
	tallyName  = "commits"
	tallyBytes = 8 + 4 // count, checksum
)

// tallyKey is where the store keeps the number of its last group. No service's
// key begins with this byte.
func tallyKey() []byte { return []byte{0} }

// openTally compares the tally with the store's own number of its last group.
func openTally(cfg DataConfig, stored uint64) (*tally, error) {
	path := filepath.Join(cfg.Dir, tallyName)
	noted, err := readTally(cfg, path)
	if err != nil {
		return nil, err
	}
	if stored < noted {
		return nil, fmt.Errorf("%w: %s: the last %d of %d groups of writes are missing from the write-ahead log (*.log); "+damagedAdvice,
			ErrDamaged, cfg.Dir, noted-stored, noted)
	}
	t := &tally{count: stored, log: cfg.Log}
	if t.file, err = cfg.files.OpenReadWrite(path, vfs.WriteCategoryUnspecified); err != nil {
		return nil, fmt.Errorf("data directory %s: %w", cfg.Dir, err)
	}
	return t, nil
}

func readTally(cfg DataConfig, path string) (uint64, error) {
	text, err := readFile(cfg.files, path)
	if errors.Is(err, os.ErrNotExist) || err == nil && len(text) == 0 {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("data directory %s: %w", cfg.Dir, err)
	}
	if len(text) != tallyBytes || crc32.ChecksumIEEE(text[:8]) != binary.BigEndian.Uint32(text[8:]) {
		cfg.Log.Warn("data: a file is damaged; nothing is lost by that, it is made anew", "file", path)
		return 0, nil
	}
	return binary.BigEndian.Uint64(text), nil
}

// next numbers a group that is about to be written.
func (t *tally) next() []byte {
	t.count++
	return binary.BigEndian.AppendUint64(nil, t.count)
}

// note tells that the last numbered group is on disk. A tally that cannot be
// written notices less, and takes nothing away.
func (t *tally) note() {
	text := binary.BigEndian.AppendUint64(nil, t.count)
	_, err := t.file.WriteAt(binary.BigEndian.AppendUint32(text, crc32.ChecksumIEEE(text)), 0)
	if (err != nil) != t.failing {
		t.failing = err != nil
		t.log.Warn("data: the tally of writes could not be written, or can be again", "error", err)
	}
}

func (t *tally) close() error { return t.file.Close() }
