package observe

import "time"

// ProcessStart is when this process was started, as the operating system
// tells it, so that what happens before main counts too; where it does not
// tell, it is loadedAt: the earliest instant main can give.
func ProcessStart(loadedAt time.Time) time.Time {
	if started, ok := processStart(); ok && started.Before(loadedAt) {
		return started
	}
	return loadedAt
}
