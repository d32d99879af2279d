// Package subscribers is the population of the location scenario: people all
// over the world, and at its awkward places, who sign up for offers and wait
// for the answer, on devices that retry. It knows the pipeline only by its
// event types and its HTTP contract.
package subscribers

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/weirstream/weir/platform/scenario"
)

// The latencies a simulation records besides the one that package event names.
const (
	sendLag  = "send lag"        // from the schedule to the simulator's queue: its own delay
	connWait = "connection wait" // from the schedule to the first attempt: also for one of MaxConns
	toAccept = "signup→accepted"
)

// Config bounds a simulation; zero fields take defaults.
type Config struct {
	// From the schedule to the last hope of an answer; 0 means 32s: the app says
	// after 30s that no offer came, and a patient device hears it.
	LongestWait time.Duration
	MaxConns    int           // connections open at once; 0 means 2048
	MaxWaiting  int           // signups waiting at once; 0 means 40000
	BackoffBase time.Duration // before the first retry, doubled for each; 0 means 100ms
	BackoffMax  time.Duration // 0 means 5s
}

var (
	errNegativeDuration = errors.New("durations must not be negative")
	errNegativeLimit    = errors.New("limits must not be negative")
)

// Validate says every problem.
func (c Config) Validate() error {
	var errs []error
	if c.LongestWait < 0 || c.BackoffBase < 0 || c.BackoffMax < 0 {
		errs = append(errs, errNegativeDuration)
	}
	if c.MaxConns < 0 || c.MaxWaiting < 0 {
		errs = append(errs, errNegativeLimit)
	}
	return errors.Join(errs...)
}

// Simulator plans and plays the population. It delivers each signup at least
// once: a device that got no answer asks again under the same id, so the app
// may see one more than once. It is safe for concurrent use.
type Simulator struct {
	cfg     Config
	places  places
	rubbish rubbish
}

var _ scenario.Simulator = (*Simulator)(nil)

// New checks cfg and reads the places.
func New(cfg Config) (*Simulator, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("subscribers config: %w", err)
	}
	cfg.LongestWait = cmp.Or(cfg.LongestWait, 32*time.Second)
	cfg.MaxConns = cmp.Or(cfg.MaxConns, 2048)
	cfg.MaxWaiting = cmp.Or(cfg.MaxWaiting, 40_000)
	cfg.BackoffBase = cmp.Or(cfg.BackoffBase, 100*time.Millisecond)
	cfg.BackoffMax = cmp.Or(cfg.BackoffMax, 5*time.Second)
	p, err := readPlaces()
	if err != nil {
		return nil, fmt.Errorf("subscribers' places: %w", err)
	}
	return &Simulator{cfg: cfg, places: p, rubbish: newRubbish()}, nil
}
