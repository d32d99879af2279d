//go:build !linux

package observe

import "time"

func processStart() (time.Time, bool) { return time.Time{}, false }
