//go:build !unix

package main

import "time"

// ownProcessorTime is not known here: the rows tell the server's share alone.
func ownProcessorTime() time.Duration { return 0 }
