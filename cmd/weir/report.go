package main

import (
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/weirstream/weir/platform/scenario"
)

// environment is the machine and build that the figures belong to.
func environment() scenario.Environment {
	return scenario.Environment{
		OS: runtime.GOOS + "/" + runtime.GOARCH, CPUs: runtime.NumCPU(),
		Commit: buildCommit(), Flags: append([]string{}, os.Args[1:]...),
	}
}

// writeJSON writes the report to path, to stdout for "-", nowhere for "".
func writeJSON(stdout io.Writer, path string, verdicts []scenario.Verdict) error {
	if path == "" {
		return nil
	}
	data, err := marshalVerdicts(verdicts)
	if err != nil {
		return err
	}
	if path == "-" {
		_, err = stdout.Write(data)
	} else {
		err = os.WriteFile(path, data, 0o644)
	}
	if err != nil {
		return fmt.Errorf("write the JSON report to %s: %w", path, err)
	}
	return nil
}
