package kinesis

import (
	"math"
	"sync"
	"time"
)

// bucket is a token bucket with a burst of one second. A take larger than the
// burst is allowed from a full bucket and then has to be paid back whole: a
// 10 MiB read at 2 MiB/s bars the next five seconds. The owner's lock guards it.
type bucket struct {
	perSecond float64 // 0 means unlimited
	tokens    float64
	at        time.Time
}

func newBucket(perSecond float64) bucket { return bucket{perSecond: perSecond, tokens: perSecond} }

func (b *bucket) refill(now time.Time) {
	if !b.at.IsZero() && now.After(b.at) {
		b.tokens = min(b.perSecond, b.tokens+now.Sub(b.at).Seconds()*b.perSecond)
	}
	b.at = now
}

// has reports whether n could be taken.
func (b *bucket) has(now time.Time, n float64) bool {
	if b.perSecond == 0 {
		return true
	}
	b.refill(now)
	return b.tokens >= min(n, b.perSecond)
}

// take takes n if has allows it.
func (b *bucket) take(now time.Time, n float64) bool {
	if b.perSecond == 0 {
		return true
	}
	if !b.has(now, n) {
		return false
	}
	b.tokens -= n
	return true
}

// spend takes n whatever the balance; a read learns its size only afterwards.
// What exceeds the burst is owed whole.
func (b *bucket) spend(now time.Time, n float64) {
	if b.perSecond == 0 {
		return
	}
	b.refill(now)
	if n > b.perSecond {
		b.tokens = -n
		return
	}
	b.tokens -= n
}

// wait is how long until the balance is positive.
func (b *bucket) wait(now time.Time) time.Duration {
	if b.perSecond == 0 {
		return 0
	}
	b.refill(now)
	if b.tokens > 0 {
		return 0
	}
	return time.Duration(math.Ceil((1 - b.tokens) / b.perSecond * float64(time.Second)))
}

// callQuota limits the calls of control-plane operations per account.
type callQuota struct {
	mu      sync.Mutex
	buckets map[string]*bucket // by operation
}

// newCallQuota takes the calls per second of each limited operation; nil limits nothing.
func newCallQuota(perSecond map[string]float64) *callQuota {
	q := &callQuota{buckets: make(map[string]*bucket, len(perSecond))}
	for op, rate := range perSecond {
		b := newBucket(rate)
		q.buckets[op] = &b
	}
	return q
}

func (q *callQuota) allow(now time.Time, operation string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	b, limited := q.buckets[operation]
	return !limited || b.take(now, 1)
}
