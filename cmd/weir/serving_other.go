//go:build !linux

package main

import "syscall"

// servedAttributes are none: outside Linux a service is left behind if its
// runner is killed outright.
func servedAttributes() *syscall.SysProcAttr { return nil }
