package main

import "syscall"

// servedAttributes keep Ctrl-C at the terminal from the service, which its
// runner ends, and end it with the runner, whatever becomes of that.
func servedAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
