package clock

import (
	"math/rand/v2"
	"sync"
	"time"
)

// Jitter draws waits between tries from a seeded source, so that clients that
// failed together do not try again together. It is safe for concurrent use.
type Jitter struct {
	mu  sync.Mutex
	rng *rand.Rand
}

// NewJitter takes seed 0 from the clock, so that the processes of a fleet, all
// left at the default, do not retry in step.
func NewJitter(seed uint64, c Clock) *Jitter {
	if seed == 0 {
		seed = uint64(c.Now().UnixNano())
	}
	return &Jitter{rng: rand.New(rand.NewPCG(seed, 0))}
}

// Full is drawn evenly from [0, min(most, base × 2^tries)): exponential backoff
// with full jitter, which spreads clients the widest.
func (j *Jitter) Full(tries int, base, most time.Duration) time.Duration {
	j.mu.Lock()
	defer j.mu.Unlock()
	return FullJitter(j.rng, tries, base, most)
}

// Half is drawn evenly from the upper half of what Full is drawn from: with
// equal jitter, which never tries again at once.
func (j *Jitter) Half(tries int, base, most time.Duration) time.Duration {
	half := ceiling(tries, base, most) / 2
	j.mu.Lock()
	defer j.mu.Unlock()
	return half + below(j.rng, half)
}

// FullJitter is Jitter.Full for one who has a source of random numbers.
func FullJitter(rng *rand.Rand, tries int, base, most time.Duration) time.Duration {
	return below(rng, ceiling(tries, base, most))
}

func below(rng *rand.Rand, d time.Duration) time.Duration {
	return time.Duration(rng.Int64N(max(1, int64(d))))
}

func ceiling(tries int, base, most time.Duration) time.Duration {
	if tries < 63 && most>>tries >= base { // else base × 2^tries is beyond most, or no number
		return base << tries
	}
	return most
}
