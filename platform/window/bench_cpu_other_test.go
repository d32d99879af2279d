//go:build !unix

package window

// cpuSeconds is not known here.
func cpuSeconds() float64 { return 0 }
