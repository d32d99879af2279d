package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"strings"
)

// processor is its model, where the system tells it.
func processor() string {
	info, _ := os.ReadFile("/proc/cpuinfo") // not on every system
	for line := range bytes.Lines(info) {
		if name, value, found := bytes.Cut(line, []byte(":")); found && bytes.HasPrefix(name, []byte("model name")) {
			return cmp.Or(strings.TrimSpace(string(value)), "unnamed processor")
		}
	}
	return "unnamed processor"
}

// busyness is how many others wanted the processors in the last minute, so
// that a figure taken on a busy machine shows it.
func busyness() string {
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return ""
	}
	return ", load " + strings.Fields(string(load) + " ?")[0] + " at the start"
}

// atLeast is a row that passes where its ratio reaches a least one.
func atLeast(what, got string, ratio, least float64) row {
	return row{what: what, got: got, ratio: fmt.Sprintf("%.2f", ratio), target: fmt.Sprintf("≥ %.2f", least), met: ratio >= least}
}
