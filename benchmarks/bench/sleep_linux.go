package main

import (
	"syscall"
	"time"
)

// sleepUntil is exact to the kernel's timers: time.Sleep may be a millisecond
// late, which would count as latency of what is measured.
func sleepUntil(at time.Time) {
	for left := time.Until(at); left > 0; left = time.Until(at) {
		t := syscall.NsecToTimespec(int64(left))
		_ = syscall.Nanosleep(&t, nil) // interrupted by a signal, it sleeps on
	}
}
