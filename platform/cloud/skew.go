package cloud

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/weirstream/weir/platform/clock"
)

// skewedClock is the wall clock as IAM sees it. Everything else keeps the true one.
type skewedClock struct {
	clock.Clock
	ahead atomic.Int64 // nanoseconds
}

func (c *skewedClock) Now() time.Time { return c.Clock.Now().Add(time.Duration(c.ahead.Load())) }

// SkewSignatures sets the clock that signatures and session credentials are
// judged by, and the Date header of replies, ahead by so much until undo is
// called. To the cloud every caller's clock is then behind: calls more than five
// minutes apart are refused until the caller corrects itself by the Date, which
// AWS's SDKs do. Overlapping skews add up.
func (c *Cloud) SkewSignatures(by time.Duration) (undo func()) {
	c.signatures.ahead.Add(int64(by))
	var undone atomic.Bool
	return func() {
		if !undone.Swap(true) {
			c.signatures.ahead.Add(-int64(by))
		}
	}
}

// date is the time that a call's signature is judged by, and has the reply say
// so: a caller that is refused learns the very skew that it was refused for. An
// unskewed Date is net/http's.
func (c *Cloud) date(h http.Header) time.Time {
	ahead := time.Duration(c.signatures.ahead.Load())
	now := c.signatures.Clock.Now().Add(ahead)
	if ahead != 0 {
		h["Date"] = []string{now.UTC().Format(http.TimeFormat)}
	}
	return now
}
