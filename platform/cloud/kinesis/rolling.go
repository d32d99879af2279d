package kinesis

import (
	"slices"
	"time"
)

// rollingWindow is the period over which AWS counts rare changes of a stream.
const rollingWindow = 24 * time.Hour

// rolling remembers when something happened within the rolling window. The
// stream's lock guards it.
type rolling struct{ times []time.Time }

// full reports whether it happened most times already.
func (r *rolling) full(now time.Time, most int) bool {
	r.times = slices.DeleteFunc(r.times, func(t time.Time) bool { return now.Sub(t) >= rollingWindow })
	return len(r.times) >= most
}

func (r *rolling) add(now time.Time) { r.times = append(r.times, now) }
