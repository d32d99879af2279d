//go:build !linux

package main

import "time"

// sleepUntil may be a millisecond late, which counts as latency.
func sleepUntil(at time.Time) { time.Sleep(time.Until(at)) }
