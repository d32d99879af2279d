package kafka

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// kfake compacts by deleting a partition's files and writing new ones. Over
// that time the old ones stay here as hard links, and the mark says they count.
const (
	shelterName = "compacting"
	shelterMark = "compacting.mark"
)

// shelter links the files of every partition of topics.
func shelter(dir string, topics []string) error {
	if err := os.RemoveAll(filepath.Join(dir, shelterName)); err != nil {
		return err
	}
	partitions, err := os.ReadDir(filepath.Join(dir, "partitions"))
	if err != nil {
		return err
	}
	for _, p := range partitions {
		topic := p.Name()[:max(0, strings.LastIndexByte(p.Name(), '-'))]
		if !slices.ContainsFunc(topics, func(name string) bool { return url.PathEscape(name) == topic }) {
			continue
		}
		if err := linkFiles(filepath.Join(dir, "partitions", p.Name()), filepath.Join(dir, shelterName, p.Name())); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, shelterMark), nil, 0o600); err != nil {
		return err
	}
	return syncDir(dir)
}

func linkFiles(from, to string) error {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	files, err := segmentFiles(from)
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := os.Link(filepath.Join(from, file), filepath.Join(to, file)); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
	}
	return syncDir(to)
}

// segmentFiles are the names of a partition's segments and their indexes.
func segmentFiles(partition string) (names []string, err error) {
	entries, err := os.ReadDir(partition)
	for _, e := range entries {
		if slices.Contains([]string{".dat", ".idx"}, filepath.Ext(e.Name())) {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// abandonShelter lets go of the old files: the new ones are whole.
func abandonShelter(dir string) error {
	err := os.Remove(filepath.Join(dir, shelterMark))
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, syncDir(dir), os.RemoveAll(filepath.Join(dir, shelterName)))
}

// unshelter puts back what a killed process was compacting. It may be repeated.
func unshelter(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, shelterMark)); errors.Is(err, os.ErrNotExist) {
		return os.RemoveAll(filepath.Join(dir, shelterName)) // it had not begun, or was done
	} else if err != nil {
		return err
	}
	entries, err := os.ReadDir(filepath.Join(dir, shelterName))
	if err != nil {
		return err
	}
	for _, e := range entries {
		partition := filepath.Join(dir, "partitions", e.Name())
		if err := os.MkdirAll(partition, 0o700); err != nil {
			return err
		}
		halves, err := segmentFiles(partition)
		if err != nil {
			return err
		}
		for _, half := range halves {
			if err := os.Remove(filepath.Join(partition, half)); err != nil {
				return err
			}
		}
		if err := linkFiles(filepath.Join(dir, shelterName, e.Name()), partition); err != nil {
			return err
		}
	}
	return abandonShelter(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// forgetPlain takes the passwords of SASL/PLAIN out of what an earlier process
// kept, so that the root's present one counts. It says whether there was a
// cluster. What SCRAM verifies by stays.
func forgetPlain(file string) (found bool, err error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	var kept map[string]json.RawMessage
	if err := json.Unmarshal(text, &kept); err != nil {
		return false, fmt.Errorf("%s is not as it was written: %w", file, err)
	}
	if kept["plain"] == nil {
		return true, nil
	}
	delete(kept, "plain")
	if text, err = json.Marshal(kept); err != nil {
		return true, err
	}
	return true, replaceFile(file, text)
}

// replaceFile puts a whole, synced file in the place of path's.
func replaceFile(path string, text []byte) error {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}
