//go:build !unix

package lambda

import (
	"os"
	"syscall"
)

// childAttributes has nothing to set here: if this process is killed outright
// its children live on.
func childAttributes() *syscall.SysProcAttr { return nil }

// killGroup ends the child alone; there are no process groups here.
func killGroup(p *os.Process) { _ = p.Kill() }

// peakRSS is not known here.
func peakRSS(int) (int64, bool) { return 0, false }
