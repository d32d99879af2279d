package clock

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// EnvVar is the environment variable that hands a simulated clock to child
// processes, in the form String writes.
const EnvVar = "WEIR_CLOCK"

// Simulated is an affine function of the wall clock:
// now = Epoch + (wall − Origin) × Speed. Two processes with equal fields agree
// on simulated time as far as their wall clocks agree.
type Simulated struct {
	Epoch  time.Time // simulated instant at Origin
	Origin time.Time // wall instant that corresponds to Epoch
	Speed  float64   // simulated seconds per wall second, above 0; 0 means 1
}

// Now is the simulated instant.
func (s Simulated) Now() time.Time { return s.At(time.Now()) }

// At is the simulated instant at a wall instant. It carries no monotonic
// reading: that would be compared with the machine's own.
func (s Simulated) At(wall time.Time) time.Time {
	return s.Epoch.Round(0).Add(scaled(wall.Sub(s.Origin), s.speed()))
}

// WallAt is the wall instant at a simulated one: the inverse of At.
func (s Simulated) WallAt(sim time.Time) time.Time {
	return s.Origin.Add(s.ToWall(sim.Sub(s.Epoch)))
}

// ToWall is how long a simulated duration lasts on the wall clock.
func (s Simulated) ToWall(d time.Duration) time.Duration {
	return scaled(d, 1/s.speed())
}

// scaled multiplies a duration; at factor 1 it is exact, and what does not fit
// a duration is the longest one.
func scaled(d time.Duration, factor float64) time.Duration {
	if factor == 1 {
		return d
	}
	switch product := math.Round(float64(d) * factor); {
	case product >= math.MaxInt64:
		return math.MaxInt64
	case product <= math.MinInt64:
		return math.MinInt64
	default:
		return time.Duration(product)
	}
}

// Sleep waits d of simulated time or until ctx ends.
func (s Simulated) Sleep(ctx context.Context, d time.Duration) error { return sleep(ctx, s.ToWall(d)) }

// NewTimer fires once after d of simulated time.
func (s Simulated) NewTimer(d time.Duration) *Timer { return newTimer(d, s.ToWall) }

// NewTicker fires every d of simulated time.
func (s Simulated) NewTicker(d time.Duration) *Ticker { return newTicker(max(1, s.ToWall(d))) }

func (s Simulated) speed() float64 {
	if s.Speed == 0 {
		return 1
	}
	return s.Speed
}

// String encodes the clock for EnvVar: epoch and origin in Unix nanoseconds
// and the speed, separated by slashes.
func (s Simulated) String() string {
	return fmt.Sprintf("%d/%d/%s", s.Epoch.UnixNano(), s.Origin.UnixNano(),
		strconv.FormatFloat(s.speed(), 'g', -1, 64))
}

// Parse reads what String wrote.
func Parse(text string) (Simulated, error) {
	parts := strings.Split(text, "/")
	if len(parts) != 3 {
		return Simulated{}, fmt.Errorf("simulated clock %q: want EPOCH/ORIGIN/SPEED", text)
	}
	epoch, err := strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return Simulated{}, fmt.Errorf("simulated clock %q: epoch: %w", text, err)
	}
	origin, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil {
		return Simulated{}, fmt.Errorf("simulated clock %q: origin: %w", text, err)
	}
	speed, err := strconv.ParseFloat(parts[2], 64)
	if err != nil || !(speed > 0) || speed > 1e6 {
		return Simulated{}, fmt.Errorf("simulated clock %q: speed must lie in (0, 1e6]", text)
	}
	return Simulated{
		Epoch:  time.Unix(0, epoch).UTC(),
		Origin: time.Unix(0, origin).UTC(),
		Speed:  speed,
	}, nil
}
