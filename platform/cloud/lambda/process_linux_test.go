package lambda

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/clock"
)

func TestChildrenDieWithAKilledParent(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, "parent")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	pid, _ := strconv.Atoi(strings.TrimSpace(line))
	if err != nil || !processRuns(pid) {
		t.Errorf("the function does not run: %q %v", line, err)
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // it was killed
	deadline := clock.Wall{}.Now().Add(5 * time.Second)
	for processRuns(pid) {
		if (clock.Wall{}).Now().After(deadline) {
			t.Fatalf("function %d outlives its killed parent", pid)
		}
		_ = clock.Wall{}.Sleep(t.Context(), 5*time.Millisecond)
	}
}

// processRuns reports whether a process exists and is no zombie waiting to be reaped.
func processRuns(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(after, "Z") && !strings.HasPrefix(after, "X")
}
