//go:build unix

package main

import (
	"context"
	"fmt"
	"syscall"
)

// examineDescriptors reads the limit that Go has already raised as far as it may.
func examineDescriptors(context.Context) finding {
	const (
		enough = 4096
		least  = 128 // below, the parts of a run cannot even reach each other
	)
	f := finding{Name: "file descriptors", Remedy: "`ulimit -n 65536` before weir; high rates need a connection per waiting browser"}
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		f.Found = err.Error()
		return f
	}
	f.Found = fmt.Sprintf("%d allowed", limit.Cur)
	f.OK, f.Required = limit.Cur >= enough, limit.Cur < least
	return f
}
