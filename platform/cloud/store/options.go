package store

import (
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/sstable"
	"github.com/cockroachdb/pebble/v2/vfs"
)

const (
	memTableBytes = 8 << 20
	cacheBytes    = 8 << 20
	fileBytes     = 16 << 20 // of the files that tables are flushed to
	// blobMin is the size from which values lie in files of their own and are
	// not written again whenever their keys are sorted anew.
	blobMin = 1 << 10
)

// options set pebble up for little memory and for values that are written once
// and read in order. Compression would cost more time than the disk saves.
func (d *Data) options(lock *pebble.Lock) *pebble.Options {
	o := &pebble.Options{
		FS:                          vfs.OnDiskFull(d.cfg.files, d.space.await),
		Lock:                        lock,
		FormatMajorVersion:          pebble.FormatValueSeparation,
		Logger:                      pebbleLog{d},
		MemTableSize:                memTableBytes,
		MemTableStopWritesThreshold: 3,
		CacheSize:                   cacheBytes,
		TargetFileSizes:             [7]int64{fileBytes},
		L0StopWritesThreshold:       1000, // slow compaction must not stop puts: keys are few
		FlushDelayDeleteRange:       10 * time.Second,
	}
	o.EventListener = &pebble.EventListener{
		// Who reads it gets the error; the process need not end for it.
		DataCorruption: func(info pebble.DataCorruptionInfo) {
			d.cfg.Log.Error("data: a file is damaged", "file", info.Path, "error", info.Details)
		},
		BackgroundError: func(err error) { d.cfg.Log.Warn("data: background work failed and is tried again", "error", err) },
	}
	for i := range o.Levels {
		o.Levels[i].Compression = func() *sstable.CompressionProfile { return sstable.NoCompression }
	}
	o.Experimental.ValueSeparationPolicy = func() pebble.ValueSeparationPolicy {
		return pebble.ValueSeparationPolicy{
			Enabled: true, MinimumSize: blobMin, MaxBlobReferenceDepth: 10,
			RewriteMinimumAge: time.Minute, TargetGarbageRatio: 0.3,
		}
	}
	return o
}

// pebbleLog takes pebble's own log.
type pebbleLog struct{ data *Data }

// Infof is called by pebble.
func (l pebbleLog) Infof(format string, args ...any) {
	l.data.cfg.Log.Debug("data: " + fmt.Sprintf(format, args...))
}

// Errorf is called by pebble.
func (l pebbleLog) Errorf(format string, args ...any) {
	l.data.cfg.Log.Warn("data: " + fmt.Sprintf(format, args...))
}

// Fatalf is called by pebble, which relies on its not returning.
func (l pebbleLog) Fatalf(format string, args ...any) { l.data.fatal(fmt.Errorf(format, args...)) }
