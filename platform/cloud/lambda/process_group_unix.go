//go:build unix

package lambda

import (
	"os"
	"syscall"
)

// killGroup ends the child and whatever it started in its process group.
func killGroup(p *os.Process) { _ = syscall.Kill(-p.Pid, syscall.SIGKILL) }
