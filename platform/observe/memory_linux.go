package observe

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// platformProbe prefers PSS, which counts a page shared by n processes as one
// nth in each, so the sum over a family counts every page once. Where the
// kernel does not offer it, resident size stands in and shared pages count
// several times.
func platformProbe(root int) (string, func(int) (uint64, bool), func(int) []int) {
	family := familyByChildren
	if _, err := os.ReadFile(procPath(root, "task", strconv.Itoa(root), "children")); err != nil {
		family = familyByParent
	}
	if _, ok := pss(root); ok {
		return "summed PSS, sampled at most every " + sampleEvery.String(), pss, family
	}
	return "summed RSS, sampled at most every " + sampleEvery.String(), rss, family
}

func procPath(pid int, rest ...string) string {
	return filepath.Join(append([]string{"/proc", strconv.Itoa(pid)}, rest...)...)
}

// pss reads the proportional set size of one process.
func pss(pid int) (uint64, bool) {
	data, err := os.ReadFile(procPath(pid, "smaps_rollup"))
	if err != nil {
		return 0, false
	}
	for line := range bytes.Lines(data) {
		if rest, found := bytes.CutPrefix(line, []byte("Pss:")); found {
			return kibibytes(rest)
		}
	}
	return 0, false
}

func kibibytes(field []byte) (uint64, bool) {
	words := bytes.Fields(field)
	if len(words) == 0 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(words[0]), 10, 64)
	return n << 10, err == nil
}

// rss reads the resident set size of one process.
func rss(pid int) (uint64, bool) {
	data, err := os.ReadFile(procPath(pid, "statm"))
	if err != nil {
		return 0, false
	}
	words := bytes.Fields(data)
	if len(words) < 2 {
		return 0, false
	}
	pages, err := strconv.ParseUint(string(words[1]), 10, 64)
	return pages * uint64(os.Getpagesize()), err == nil
}

// familyByChildren lists root and its descendants from the kernel's own
// lists of children, one per thread: its cost does not grow with the machine.
func familyByChildren(root int) []int {
	family := []int{root}
	for next := 0; next < len(family); next++ {
		lists, _ := filepath.Glob(procPath(family[next], "task", "*", "children"))
		for _, list := range lists {
			data, _ := os.ReadFile(list)
			for _, word := range bytes.Fields(data) {
				if pid, err := strconv.Atoi(string(word)); err == nil && !slices.Contains(family, pid) {
					family = append(family, pid)
				}
			}
		}
	}
	return family
}

// familyByParent does the same from every process's parent, for kernels built
// without lists of children.
func familyByParent(root int) []int {
	children := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, stat := range stats {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
		data, _ := os.ReadFile(stat)
		// The name in parentheses may hold anything; what follows the last one is regular.
		words := bytes.Fields(data[bytes.LastIndexByte(data, ')')+1:])
		if len(words) < 2 {
			continue
		}
		if parent, err := strconv.Atoi(string(words[1])); err == nil {
			children[parent] = append(children[parent], pid)
		}
	}
	family := []int{root}
	for next := 0; next < len(family); next++ {
		family = append(family, children[family[next]]...)
	}
	return family
}
