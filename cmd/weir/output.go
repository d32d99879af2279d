package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// checkOutput finds out before a run whether its result can be written to the
// file that a flag names. It leaves no trace. "" and "-" are no files.
func checkOutput(flag, path string) error {
	if path == "" || path == "-" {
		return nil
	}
	there, err := os.Stat(path)
	switch {
	case err == nil && there.IsDir():
		return fmt.Errorf("%s %s: is a directory; name a file", flag, path)
	case err == nil && !there.Mode().IsRegular():
		return nil // a pipe or device: opening one has effects
	case err == nil:
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return fmt.Errorf("%s: %w", flag, err)
		}
		return file.Close()
	}
	probe, err := os.CreateTemp(filepath.Dir(path), ".weir-*")
	if err != nil {
		return fmt.Errorf("%s %s: cannot be written: %w", flag, path, err)
	}
	_ = probe.Close()
	return os.Remove(probe.Name())
}

// checkLedgerOutput also refuses what is no file: a ledger is put in its place
// whole, by renaming, which would replace a device.
func checkLedgerOutput(path string) error {
	if there, err := os.Stat(path); err == nil && !there.IsDir() && !there.Mode().IsRegular() {
		return fmt.Errorf("--ledger %s: is not a file", path)
	}
	return checkOutput("--ledger", path)
}
