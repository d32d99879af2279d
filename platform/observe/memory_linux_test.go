package observe

import (
	"bufio"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestBothFamiliesAgree holds the two ways of listing descendants against each
// other on a child with a child.
func TestBothFamiliesAgree(t *testing.T) {
	t.Parallel()
	shell := exec.Command("sh", "-c", "exec 3<&0; cat <&3 & echo $!; wait")
	stdin, err := shell.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := shell.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := shell.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	grandchild, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}

	want := []int{shell.Process.Pid, grandchild}
	slices.Sort(want)
	for name, family := range map[string]func(int) []int{"children": familyByChildren, "parent": familyByParent} {
		got := family(shell.Process.Pid)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("by %s: %v, want %v", name, got, want)
		}
	}
	_ = stdin.Close()
	_ = shell.Wait() // cat ends with its input
}
