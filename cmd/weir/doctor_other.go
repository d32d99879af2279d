//go:build !linux

package main

import "errors"

func availableMiB() (int, error) { return 0, errors.New("only read on Linux") }
