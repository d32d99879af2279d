package main

import (
	"bytes"
	"errors"
	"os"
	"strconv"
)

// availableMiB is what the kernel would hand out without swapping, or less
// where a control group limits this process.
func availableMiB() (int, error) {
	data, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(data) {
		words := bytes.Fields(line)
		if len(words) < 2 || string(words[0]) != "MemAvailable:" {
			continue
		}
		kib, err := strconv.Atoi(string(words[1]))
		if err != nil {
			return 0, err
		}
		return min(kib>>10, groupLimitMiB(kib>>10)), nil
	}
	return 0, errors.New("/proc/meminfo has no MemAvailable")
}

// groupLimitMiB is the control group's limit, or other if there is none.
func groupLimitMiB(other int) int {
	data, err := os.ReadFile("/sys/fs/cgroup/memory.max")
	if err != nil {
		return other
	}
	limit, err := strconv.Atoi(string(bytes.TrimSpace(data))) // "max" means none
	if err != nil {
		return other
	}
	return limit >> 20
}
