package lambda

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"syscall"
)

// childAttributes put a child in a process group of its own and have the
// kernel kill it when the thread that started it ends, which is this process's
// end: the starter keeps that thread.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// peakRSS is the most memory the process has had resident, in bytes, and
// whether it is known.
func peakRSS(pid int) (int64, bool) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, false
	}
	for line := range bytes.Lines(data) {
		value, ok := bytes.CutPrefix(line, []byte("VmHWM:"))
		if !ok {
			continue
		}
		words := bufio.NewScanner(bytes.NewReader(value))
		words.Split(bufio.ScanWords)
		if !words.Scan() {
			return 0, false
		}
		kib, err := strconv.ParseInt(words.Text(), 10, 64)
		return kib << 10, err == nil
	}
	return 0, false
}
