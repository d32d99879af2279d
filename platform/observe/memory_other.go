//go:build !linux

package observe

import (
	"bytes"
	"os/exec"
	"strconv"
)

// platformProbe asks ps, which every Unix has, once per sample. Shared pages
// count in every process that maps them. Where there is no ps the peak stays 0
// and the method says so.
func platformProbe(int) (string, func(int) (uint64, bool), func(int) []int) {
	if _, err := exec.LookPath("ps"); err != nil {
		return "not measured: this system has no ps", func(int) (uint64, bool) { return 0, false },
			func(root int) []int { return nil }
	}
	resident := map[int]uint64{} // filled by family, read by probe in the same sample
	family := func(root int) []int {
		clear(resident)
		out, _ := exec.Command("ps", "-axo", "pid=,ppid=,rss=").Output()
		return residentFamily(out, root, resident)
	}
	probe := func(pid int) (uint64, bool) {
		n, ok := resident[pid]
		return n, ok
	}
	return "summed RSS, sampled at most every " + sampleEvery.String(), probe, family
}

func residentFamily(ps []byte, root int, resident map[int]uint64) []int {
	children := map[int][]int{}
	for line := range bytes.Lines(ps) {
		words := bytes.Fields(line)
		if len(words) < 3 {
			continue
		}
		pid, _ := strconv.Atoi(string(words[0]))
		parent, _ := strconv.Atoi(string(words[1]))
		size, err := strconv.ParseUint(string(words[2]), 10, 64)
		if err != nil {
			continue
		}
		children[parent] = append(children[parent], pid)
		resident[pid] = size << 10
	}
	family := []int{root}
	for next := 0; next < len(family); next++ {
		family = append(family, children[family[next]]...)
	}
	return family
}
