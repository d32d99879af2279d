package kafka

import (
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/weirstream/weir/platform/clock"
)

// jitter draws backoffs from a seeded source; it is safe for concurrent use.
type jitter struct {
	mu  sync.Mutex
	rng *rand.Rand
}

// newJitter takes seed 0 from the clock, so that the processes of a group, all
// left at the default, do not retry in step.
func newJitter(seed uint64, clk clock.Clock) *jitter {
	if seed == 0 {
		seed = uint64(clk.Now().UnixNano())
	}
	return &jitter{rng: rand.New(rand.NewPCG(seed, 1))}
}

// backoff is drawn evenly from the upper half of [0, min(most, base × 2^tries)).
func (j *jitter) backoff(tries int, base, most time.Duration) time.Duration {
	ceiling := most
	if tries < 30 {
		ceiling = min(most, base<<tries)
	}
	half := max(1, int64(ceiling)/2)
	j.mu.Lock()
	defer j.mu.Unlock()
	return time.Duration(half + j.rng.Int64N(half))
}

func loggerOr(logger *slog.Logger) *slog.Logger {
	if logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return logger
}
