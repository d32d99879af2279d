package store

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/weirstream/weir/platform/clock"
)

// Why a data directory is refused.
var (
	ErrInUse   = errors.New("the data directory is in use")
	ErrNewer   = errors.New("the data directory was written by a newer version")
	ErrOther   = errors.New("the data directory is not of this account and region")
	ErrDamaged = errors.New("the data directory is damaged")
)

// damagedAdvice ends every ErrDamaged.
const damagedAdvice = "put a copy of the directory in its place, or begin with an empty one"

// dataFormat is the form of what services write; an older program must not
// touch a newer one's.
const dataFormat = 1

const (
	manifestName = "weir.json"
	ownerName    = "owner.pid"
	newSuffix    = ".new" // of a file until it is whole
)

// manifest says whose data a directory holds and in which form.
type manifest struct {
	Format  int    `json:"format"`
	Account string `json:"account"`
	Region  string `json:"region"`
	// Ready says that the store was made: it must be there from then on.
	Ready bool `json:"ready"`
	// Key is what only the directory's master key opens.
	Key []byte `json:"key,omitempty"`
}

// On puts the directory in files, which tests bring: one that crashes or fails.
func (cfg DataConfig) On(files vfs.FS) DataConfig {
	cfg.files = files
	return cfg
}

func (cfg DataConfig) withDefaults() DataConfig {
	cfg.Reserve = cmp.Or(cfg.Reserve, 128<<20)
	cfg.KeyFile = cmp.Or(cfg.KeyFile, filepath.Join(cfg.Dir, "master.key"))
	if cfg.Wall == nil {
		cfg.Wall = clock.Wall{}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Fatal == nil {
		cfg.Fatal = func(error) { os.Exit(1) }
	}
	if cfg.files == nil {
		cfg.files = vfs.Default
	}
	return cfg
}

// takeDir makes the directory if need be, takes it for this process and checks
// whose it is.
func takeDir(cfg DataConfig) (m manifest, lock *pebble.Lock, err error) {
	if err := cfg.files.MkdirAll(cfg.Dir, 0o700); err != nil {
		return m, nil, fmt.Errorf("make the data directory: %w", err)
	}
	lock, err = pebble.LockDirectory(cfg.Dir, cfg.files)
	if err != nil {
		if !errors.Is(err, os.ErrPermission) {
			err = fmt.Errorf("%w by %s: end that one, or give this one a directory of its own", ErrInUse, owner(cfg))
		}
		return m, nil, fmt.Errorf("data directory %s: %w", cfg.Dir, err)
	}
	m, err = readManifest(cfg)
	if err == nil {
		err = writeFile(cfg.files, filepath.Join(cfg.Dir, ownerName), fmt.Append(nil, os.Getpid(), "\n"))
	}
	if err != nil {
		return m, nil, errors.Join(fmt.Errorf("data directory %s: %w", cfg.Dir, err), lock.Close())
	}
	return m, lock, nil
}

// owner names the process that has the directory, as well as that is known.
func owner(cfg DataConfig) string {
	text, err := readFile(cfg.files, filepath.Join(cfg.Dir, ownerName))
	var pid int
	if _, scanErr := fmt.Sscan(string(text), &pid); err != nil || scanErr != nil {
		return "another process"
	}
	return fmt.Sprintf("process %d", pid)
}

func readManifest(cfg DataConfig) (manifest, error) {
	text, err := readFile(cfg.files, filepath.Join(cfg.Dir, manifestName))
	if errors.Is(err, os.ErrNotExist) {
		return newManifest(cfg)
	}
	if err != nil {
		return manifest{}, err
	}
	var m manifest
	err = json.Unmarshal(text, &m)
	switch {
	case err != nil || m.Format < 1:
		return m, fmt.Errorf("%w: %s is not as it was written; "+damagedAdvice, ErrDamaged, manifestName)
	case m.Format > dataFormat:
		return m, fmt.Errorf("%w: its format is %d and this program reads up to %d; use the program that wrote it, or a newer one", ErrNewer, m.Format, dataFormat)
	case m.Account != cfg.Account || m.Region != cfg.Region:
		return m, fmt.Errorf("%w: it belongs to account %s in %s, not to %s in %s; give that account and region, or another directory",
			ErrOther, m.Account, m.Region, cfg.Account, cfg.Region)
	}
	return m, nil
}

// newManifest marks a new directory; one with other files in it is left alone.
func newManifest(cfg DataConfig) (manifest, error) {
	m := manifest{Format: dataFormat, Account: cfg.Account, Region: cfg.Region}
	names, err := cfg.files.List(cfg.Dir)
	if err != nil {
		return m, err
	}
	for _, name := range names {
		// A process that was killed while it made the directory leaves the
		// beginnings of its first two files.
		if base := strings.TrimSuffix(name, newSuffix); name != "LOCK" && base != ownerName && name != manifestName+newSuffix {
			return m, fmt.Errorf("it holds %s and no %s: give an empty directory, or one that weir wrote", name, manifestName)
		}
	}
	return m, m.write(cfg)
}

func (m manifest) write(cfg DataConfig) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return writeFile(cfg.files, filepath.Join(cfg.Dir, manifestName), append(text, '\n'))
}

func readFile(fs vfs.FS, path string) ([]byte, error) {
	f, err := fs.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	text := make([]byte, min(info.Size(), 1<<16))
	_, err = f.ReadAt(text, 0)
	if info.Size() == 0 {
		err = nil
	}
	return text, err
}

// writeFile puts a whole, synced file in the place of path's.
func writeFile(fs vfs.FS, path string, text []byte) error {
	f, err := fs.Create(path+newSuffix, vfs.WriteCategoryUnspecified)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := fs.Rename(path+newSuffix, path); err != nil {
		return err
	}
	dir, err := fs.OpenDir(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// damaged makes err, if any, say what can be done about a file that is not as written.
func damaged(dir string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrDamaged):
		return err
	case pebble.IsCorruptionError(err):
		return fmt.Errorf("%w: %s: %w; "+damagedAdvice, ErrDamaged, dir, err)
	default:
		return fmt.Errorf("data directory %s: %w", dir, err)
	}
}
