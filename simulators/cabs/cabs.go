// Package cabs is the population of the cab scenario: cabs that drive a street
// grid, take passengers, break down, pass tunnels and send what they measure
// through fleet gateways that retry. It knows the pipeline only by its event
// types and the hub's HTTP contract.
package cabs

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// The points and latencies a simulation records besides the ledger's own and those
// that package event names.
const (
	repeated = "repeated" // sent twice on purpose, under the same id
	sendLag  = "send lag" // from the schedule to the gateway: the simulator's own delay

	pastGap = event.DeviceToSearchable + " past a gap" // where a reading before was refused or late
)

// Config bounds a simulation; zero fields take defaults.
type Config struct {
	// Closing is for how much simulated time after load.For, or load.Cut, the cabs
	// go on reporting, now and then and nothing new, so that a job whose windows
	// only readings can close has a reason to. 0 means not at all.
	Closing     time.Duration
	Gateways    int           // each with one connection; 0 means 8
	LingerMax   time.Duration // a gateway gathers a batch for so long; 0 means 20ms
	BatchMax    int           // readings in a batch; 0 means 500
	MaxWaiting  int           // readings waiting at once; 0 means 100000
	LongestWait time.Duration // from the schedule to the last hope; 0 means 1m
	AnswerMax   time.Duration // for one answer of the hub; 0 means 15s
	BackoffBase time.Duration // before the first retry, doubled for each; 0 means 50ms
	BackoffMax  time.Duration // 0 means 1s
	// GzipMin is the size of the smallest batch that is compressed; 0 means
	// 1400 bytes, what one packet holds anyway; below 0 compresses none.
	GzipMin int
}

var (
	errNegativeDuration = errors.New("durations must not be negative")
	errNegativeLimit    = errors.New("limits must not be negative")
)

// Validate says every problem.
func (c Config) Validate() error {
	var errs []error
	if c.Closing < 0 || c.LingerMax < 0 || c.LongestWait < 0 || c.AnswerMax < 0 || c.BackoffBase < 0 || c.BackoffMax < 0 {
		errs = append(errs, errNegativeDuration)
	}
	if c.Gateways < 0 || c.BatchMax < 0 || c.MaxWaiting < 0 {
		errs = append(errs, errNegativeLimit)
	}
	return errors.Join(errs...)
}

// Simulator plans and plays the population. It delivers each reading at least
// once and those of a cab in the order of the plan: a gateway sends a batch
// again, unchanged, until it is answered, and only then the next one. It is
// safe for concurrent use.
type Simulator struct {
	cfg Config
}

var _ scenario.Simulator = (*Simulator)(nil)

// New checks cfg.
func New(cfg Config) (*Simulator, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("cabs config: %w", err)
	}
	cfg.Gateways = cmp.Or(cfg.Gateways, 8)
	cfg.LingerMax = cmp.Or(cfg.LingerMax, 20*time.Millisecond)
	cfg.BatchMax = cmp.Or(cfg.BatchMax, 500)
	cfg.MaxWaiting = cmp.Or(cfg.MaxWaiting, 100_000)
	cfg.LongestWait = cmp.Or(cfg.LongestWait, time.Minute)
	cfg.AnswerMax = cmp.Or(cfg.AnswerMax, 15*time.Second)
	cfg.BackoffBase = cmp.Or(cfg.BackoffBase, 50*time.Millisecond)
	cfg.BackoffMax = cmp.Or(cfg.BackoffMax, time.Second)
	cfg.GzipMin = cmp.Or(cfg.GzipMin, 1400)
	return &Simulator{cfg: cfg}, nil
}
