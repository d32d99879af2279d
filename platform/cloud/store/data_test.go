package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"
)

func openTest(t interface {
	Helper()
	Fatal(...any)
}, cfg DataConfig,
) *Data {
	t.Helper()
	cfg.Account, cfg.Region = "123456789012", "us-east-1"
	d, err := OpenData(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestDataSurvivesACrash stages at random, waits now and then, and takes the
// power away: what was waited for is there, and what is there is a prefix of
// what was staged.
func TestDataSurvivesACrash(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		files := vfs.NewCrashableMem()
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		staged, waited := uint64(0), uint64(0)
		for range rapid.IntRange(1, 4).Draw(t, "lives") {
			d := openTest(t, DataConfig{Dir: "data", files: files})
			kept := uint64(0)
			err := d.ScanPrefix([]byte("n"), func(key, value []byte) error {
				kept++
				if got := binary.BigEndian.Uint64(key[1:]); got != kept || !bytes.Equal(value, bytes.Repeat(key, int(got%2000))) {
					return fmt.Errorf("entry %d stands where %d belongs, with %d bytes", got, kept, len(value))
				}
				return nil
			})
			if err != nil || kept < waited || kept > staged {
				t.Fatalf("%d were waited for, %d staged, %d are there: %v", waited, staged, kept, err)
			}
			staged = kept
			for range rapid.IntRange(0, 30).Draw(t, "changes") {
				staged++
				d.Stage(func(c *Changes) {
					key := binary.BigEndian.AppendUint64([]byte("n"), staged)
					c.Put(key, bytes.Repeat(key, int(staged%2000)))
				})
				if random.IntN(4) == 0 {
					if err := d.Wait(context.Background()); err != nil {
						t.Fatal(err)
					}
					waited = staged
				}
			}
			crashed := files.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: random.IntN(100), RNG: random})
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			files = crashed
		}
	})
}

// TestWaitersShareSyncs: many at once wait, and each finds its own change on disk.
func TestWaitersShareSyncs(t *testing.T) {
	t.Parallel()
	files := vfs.NewCrashableMem()
	d := openTest(t, DataConfig{Dir: "data", files: files})
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			for j := range 20 {
				d.Stage(func(c *Changes) { c.Put(fmt.Append(nil, i, ":", j), []byte("x")) })
				if err := d.Wait(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	clone := files.CrashClone(vfs.CrashCloneCfg{})
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = openTest(t, DataConfig{Dir: "data", files: clone})
	count := 0
	if err := d.Scan([]byte("0"), nil, func(_, _ []byte) error { count++; return nil }); err != nil || count != 1000 {
		t.Errorf("%d of 1000 changes are there: %v", count, err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

func TestDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		spoil func(t *testing.T, dir string)
		want  error
		says  string
	}{
		"newer": {func(t *testing.T, dir string) {
			overwrite(t, filepath.Join(dir, manifestName), `{"format":2,"account":"123456789012","region":"us-east-1","ready":true}`)
		}, ErrNewer, "its format is 2"},
		"another account": {func(t *testing.T, dir string) {
			overwrite(t, filepath.Join(dir, manifestName), `{"format":1,"account":"210987654321","region":"us-east-1","ready":true}`)
		}, ErrOther, "account 210987654321"},
		"manifest cut": {func(t *testing.T, dir string) {
			overwrite(t, filepath.Join(dir, manifestName), `{"for`)
		}, ErrDamaged, manifestName},
		"key gone": {func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, "master.key")); err != nil {
				t.Fatal(err)
			}
		}, nil, "master.key is missing"},
		"another key": {func(t *testing.T, dir string) {
			overwrite(t, filepath.Join(dir, "master.key"), strings.Repeat("a1", masterBytes))
		}, nil, "master.key is another one"},
		"store gone": {func(t *testing.T, dir string) {
			for _, path := range storeFiles(t, dir) {
				if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			}
		}, nil, "does not exist"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := openTest(t, DataConfig{Dir: dir}).Close(); err != nil {
				t.Fatal(err)
			}
			tt.spoil(t, dir)
			_, err := OpenData(DataConfig{Dir: dir, Account: "123456789012", Region: "us-east-1"})
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want %v saying %q", err, tt.want, tt.says)
			}
		})
	}
}

func TestForeignDirectoryIsLeftAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	overwrite(t, filepath.Join(dir, "thesis.txt"), "years of work")
	_, err := OpenData(DataConfig{Dir: dir, Account: "1", Region: "r"})
	if err == nil || !strings.Contains(err.Error(), "it holds thesis.txt") {
		t.Errorf("got %v", err)
	}
}

func TestOneProcessPerDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	d := openTest(t, DataConfig{Dir: dir})
	defer d.Close()
	_, err := OpenData(DataConfig{Dir: dir, Account: "123456789012", Region: "us-east-1"})
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), fmt.Sprint("process ", os.Getpid())) {
		t.Errorf("got %v", err)
	}
}

// TestDamageIsNamed flips one byte in each file of the store in turn, at many
// places: either it is said, or what is read is what was written.
func TestDamageIsNamed(t *testing.T) {
	t.Parallel()
	origin := t.TempDir()
	d := openTest(t, DataConfig{Dir: origin})
	const entries = 400
	value := func(i int) []byte { return bytes.Repeat(fmt.Append(nil, i, "."), 500) }
	for i := range entries {
		d.Stage(func(c *Changes) { c.Put(fmt.Appendf(nil, "k%03d", i), value(i)) })
		if i == entries/2 {
			if err := errors.Join(d.Wait(t.Context()), d.db.Flush()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	named := 0
	for _, path := range storeFiles(t, origin) {
		for range 5 {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(origin)); err != nil {
				t.Fatal(err)
			}
			spoiled := filepath.Join(dir, filepath.Base(path))
			text, err := os.ReadFile(spoiled)
			if err != nil || len(text) == 0 {
				break
			}
			at := random.IntN(len(text))
			text[at] ^= 0x5a
			overwrite(t, spoiled, string(text))
			if err := readBack(t, dir, entries, value); err != nil {
				named++
				if !errors.Is(err, ErrDamaged) && !strings.Contains(err.Error(), dir) {
					t.Errorf("byte %d of %s: %v does not name the damage", at, filepath.Base(path), err)
				}
			}
		}
	}
	if named < 10 {
		t.Errorf("only %d damages were noticed: the test does too little", named)
	}
}

// readBack opens dir and reads everything; wrong or missing values fail the test.
func readBack(t *testing.T, dir string, entries int, value func(int) []byte) error {
	d, err := OpenData(DataConfig{Dir: dir, Account: "123456789012", Region: "us-east-1"})
	if err != nil {
		return err
	}
	defer d.Close()
	at := 0
	err = d.ScanPrefix([]byte("k"), func(key, got []byte) error {
		if want := fmt.Sprintf("k%03d", at); string(key) != want || !bytes.Equal(got, value(at)) {
			t.Errorf("%s: served %q instead of %q, or another value", dir, key, want)
		}
		at++
		return nil
	})
	if err == nil && at != entries {
		t.Errorf("%s: %d of %d entries are there, and nothing is said", dir, at, entries)
	}
	return err
}

func storeFiles(t *testing.T, dir string) []string {
	var paths []string
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range list {
		switch name := entry.Name(); name {
		case manifestName, ownerName, "LOCK", "master.key":
		default:
			paths = append(paths, filepath.Join(dir, name))
		}
	}
	return paths
}

func overwrite(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestEntryThatDoesNotDecodeIsDamage(t *testing.T) {
	t.Parallel()
	d := openTest(t, DataConfig{Dir: t.TempDir()})
	defer d.Close()
	d.Stage(func(c *Changes) { c.Put([]byte("k"), []byte("{")) })
	if err := d.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	var v struct{}
	if _, err := d.GetJSON([]byte("k"), &v); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), `the entry "k"`) {
		t.Errorf("GetJSON says %v, want ErrDamaged that names the entry", err)
	}
	err := ScanJSON(d, []byte("k"), func([]byte, *struct{}) error { return nil })
	if !errors.Is(err, ErrDamaged) {
		t.Errorf("ScanJSON says %v, want ErrDamaged", err)
	}
}
