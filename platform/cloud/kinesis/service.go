// Package kinesis is the embedded cloud's Kinesis Data Streams. Records live in
// memory, and beyond a bound in a temporary file or the data directory, until
// their retention ends, and nothing drops them earlier; a put is acknowledged
// after its record can be read, and readers see each shard's records in order
// of sequence number. With a data directory streams and records survive the
// process, however it ends; without one they end with it. What AWS has and
// this has not is listed in skipped.md.
package kinesis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"sync"
	"time"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud/store"
	"github.com/weirstream/weir/platform/cloud/wire"
)

// Config sets a Service up; zero fields take defaults.
type Config struct {
	Region    string // "" means us-east-1
	Account   string // 12 digits; "" means 000000000000
	QuotasOff bool   // lifts every rate and count limit; sizes stay limited
	Wall      clock.Clock
	Log       *slog.Logger
	// StatusDelay is how long CREATING, UPDATING and DELETING stay visible;
	// 0 means 20ms, negative means no wait.
	StatusDelay time.Duration
	// MemoryMax bounds the memory that full chunks of records take; what is
	// beyond it lies in Data or in a temporary file. 0 means 64 MiB, or 32
	// MiB with Data, whose own memory comes on top.
	MemoryMax int64
	SpillDir  string // "" means the system's temporary directory
	// Data keeps streams and records, and its caller's replies wait for it
	// (store.Data.Wait); nil keeps nothing.
	Data *store.Data
}

// Validate says every problem of the configuration at once.
func (c Config) Validate() error {
	var problems []error
	if c.Account != "" && !regexp.MustCompile(`^\d{12}$`).MatchString(c.Account) {
		problems = append(problems, fmt.Errorf("account %q: want 12 digits", c.Account))
	}
	if c.Region != "" && !regexp.MustCompile(`^[a-z0-9-]+$`).MatchString(c.Region) {
		problems = append(problems, fmt.Errorf("region %q: want a region such as us-east-1", c.Region))
	}
	return errors.Join(problems...)
}

// Service is one region's Kinesis of one account. Safe for concurrent use.
type Service struct {
	cfg       Config
	residency *residency
	sealer    *sealer
	quota     *callQuota
	kick      chan struct{} // wakes Run after a transition began
	puts      sync.Pool     // *putScratch
	meters    meters

	mu      sync.RWMutex
	streams map[string]*stream
	births  uint64 // streams created so far
}

// New checks cfg, loads what cfg.Data keeps and starts nothing.
func New(cfg Config) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("kinesis config: %w", err)
	}
	cfg.Region = cmp.Or(cfg.Region, "us-east-1")
	cfg.Account = cmp.Or(cfg.Account, "000000000000")
	if cfg.Wall == nil {
		cfg.Wall = clock.Wall{}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.StatusDelay = cmp.Or(cfg.StatusDelay, 20*time.Millisecond)
	if cfg.MemoryMax == 0 {
		cfg.MemoryMax = 64 << 20
		if cfg.Data != nil {
			cfg.MemoryMax = 32 << 20
		}
	}
	limits := controlLimits()
	if cfg.QuotasOff {
		limits = nil
	}
	s := &Service{
		cfg: cfg,
		residency: &residency{
			spill: &spillShelf{store.NewSpill(cfg.SpillDir), store.NewKeyring()},
			max:   cfg.MemoryMax, log: cfg.Log,
		},
		sealer:  newSealer(cfg.Data),
		quota:   newCallQuota(limits),
		kick:    make(chan struct{}, 1),
		puts:    sync.Pool{New: func() any { return new(putScratch) }},
		streams: make(map[string]*stream),
	}
	if err := s.restore(); err != nil {
		return nil, fmt.Errorf("kinesis: %w", err)
	}
	return s, nil
}

// sweepEvery is how often Run frees expired records. Readers never see expired
// ones either way.
const sweepEvery = 10 * time.Second

// Run completes status transitions on time and frees expired records until ctx
// ends; then it gives up the spill file. Without it transitions still complete,
// but only when a call looks.
func (s *Service) Run(ctx context.Context) error {
	defer s.closeSpill()
	for {
		next := s.sweep(s.now())
		timer := s.cfg.Wall.NewTimer(next)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-s.kick:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// sweep settles and trims every stream and returns how long until a transition is due.
func (s *Service) sweep(now time.Time) time.Duration {
	s.mu.RLock()
	streams := make([]*stream, 0, len(s.streams))
	for _, st := range s.streams {
		streams = append(streams, st)
	}
	s.mu.RUnlock()
	next := sweepEvery
	for _, st := range streams {
		s.settle(st, now)
		st.trim(now)
		s.adapt(st, now)
		if due := st.due.Load(); due != 0 {
			next = min(next, time.Unix(0, due).Sub(now))
		}
	}
	return max(next, time.Millisecond)
}

func (s *Service) closeSpill() {
	if err := s.residency.spill.spill.Close(); err != nil {
		s.cfg.Log.Warn("kinesis: stop", "error", err)
	}
}

func (s *Service) wakeRun() {
	select {
	case s.kick <- struct{}{}:
	default: // a wake-up is pending already
	}
}

func (s *Service) now() time.Time { return s.cfg.Wall.Now() }

func (s *Service) streamARN(name string) string {
	return "arn:aws:kinesis:" + s.cfg.Region + ":" + s.cfg.Account + ":stream/" + name
}

// Service is what the cloud's root routes to.
func (s *Service) Service() wire.Service {
	return wire.Service{
		SigningName: "kinesis",
		Protocol: wire.Protocol{
			Kind:         wire.JSON,
			TargetPrefix: "Kinesis_20131202",
			JSONVersion:  "1.1",
		},
		Operations: s.operations(),
	}
}
