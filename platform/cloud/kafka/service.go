// Package kafka is the embedded cloud's Managed Streaming for Apache Kafka: one
// cluster of three brokers on ports of their own, which any Kafka client
// speaks to, and the control plane's calls that find it. The brokers are
// franz-go's kfake, with MSK's defaults, SASL and ACLs, on files.
//
// Guarantee: a record whose produce request with acks=all was answered is kept
// until retention or compaction takes it; with Config.Dir it is on disk before
// the answer and survives the process, however that ends. Producers are
// idempotent and transactions atomic while the process lives. Over a kill they
// are not quite, and neither is everything else as on Apache Kafka: skipped.md
// says what.
package kafka

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/weirstream/weir/platform/clock"
)

// Config sets up a Service; zero fields take defaults.
type Config struct {
	Region   string // "" means us-east-1
	Account  string // "" means 123456789012
	User     string // of the one who may do everything, over PLAIN and SCRAM-SHA-512; "" means test
	Password string // of User; "" means test

	// Listen is the first broker's host:port, which clients are told, too; the
	// others take the two ports after it. "" means 127.0.0.1:0, free ports.
	Listen string
	TLS    *tls.Config // clients must speak TLS; nil means plain TCP

	// Dir is where everything is kept and found again, synced before it is
	// acknowledged. "" means a temporary directory that goes with the cluster.
	Dir string

	UpkeepEvery time.Duration // between applications of retention and compaction; 0 means 5 min, as log.retention.check.interval.ms
	Wall        clock.Clock   // of upkeep and faults; nil means clock.Wall
	Log         *slog.Logger  // nil discards
}

func (cfg Config) withDefaults() Config {
	cfg.Region = cmp.Or(cfg.Region, "us-east-1")
	cfg.Account = cmp.Or(cfg.Account, "123456789012")
	cfg.User = cmp.Or(cfg.User, "test")
	cfg.Password = cmp.Or(cfg.Password, "test")
	cfg.Listen = cmp.Or(cfg.Listen, "127.0.0.1:0")
	cfg.UpkeepEvery = cmp.Or(cfg.UpkeepEvery, 5*time.Minute)
	if cfg.Wall == nil {
		cfg.Wall = clock.Wall{}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return cfg
}

// Validate says every problem at once; zero fields are fine.
func (cfg Config) Validate() error {
	cfg = cfg.withDefaults()
	var problems []error
	if _, port, err := net.SplitHostPort(cfg.Listen); err != nil {
		problems = append(problems, fmt.Errorf("listen %q: want host:port, such as 127.0.0.1:9092", cfg.Listen))
	} else if first, err := net.LookupPort("tcp", port); err != nil || first > 65_535-(brokers-1) {
		problems = append(problems, fmt.Errorf("listen %q: want a port up to %d: the other brokers take the ports after it", cfg.Listen, 65_535-(brokers-1)))
	}
	if cfg.UpkeepEvery < 0 {
		problems = append(problems, fmt.Errorf("upkeep every %s: want more than 0", cfg.UpkeepEvery))
	}
	return errors.Join(problems...)
}

// ErrClosed is returned by what needs the cluster once Run has ended.
var ErrClosed = errors.New("the Kafka cluster has ended with its cloud")

// Service is the account's one cluster. Its methods are safe for concurrent use.
type Service struct {
	cfg     Config
	created time.Time
	opened  chan struct{} // closed once cluster is set

	life   context.Context // until the cluster ends, for what faults leave behind
	end    context.CancelFunc
	faults sync.WaitGroup

	mu      sync.Mutex
	cluster *cluster // nil until first use
	closed  bool
}

// New checks cfg and opens nothing: the brokers start at the first call of
// Brokers or of the control plane, so that whoever needs no Kafka pays nothing.
func New(cfg Config) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("kafka config: %w", err)
	}
	cfg = cfg.withDefaults()
	s := &Service{cfg: cfg, created: cfg.Wall.Now(), opened: make(chan struct{})}
	s.life, s.end = context.WithCancel(context.Background())
	return s, nil
}

// Brokers are the host:port of every broker that is up, in the order of their
// ids. The first call starts the cluster.
func (s *Service) Brokers() ([]string, error) {
	c, err := s.open()
	if err != nil {
		return nil, err
	}
	return c.addresses(), nil
}

// Opened are the Brokers if the cluster has started already, else none.
func (s *Service) Opened() []string {
	s.mu.Lock()
	c := s.cluster
	if s.closed {
		c = nil
	}
	s.mu.Unlock()
	if c == nil {
		return nil
	}
	return c.addresses()
}

// open starts the cluster unless it runs.
func (s *Service) open() (*cluster, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return nil, ErrClosed
	case s.cluster != nil:
		return s.cluster, nil
	}
	c, err := openCluster(s.cfg)
	if err != nil {
		return nil, fmt.Errorf("kafka: %w", err)
	}
	s.cluster = c
	close(s.opened)
	return c, nil
}

// Run applies retention and compaction until ctx ends; then it ends the
// brokers, which cuts their clients off. It has to be called once also if the
// cluster is never used.
func (s *Service) Run(ctx context.Context) error {
	select {
	case <-ctx.Done():
	case <-s.opened:
		s.cluster.upkeep(ctx, s.cfg.UpkeepEvery)
	}
	return s.close()
}

func (s *Service) close() error {
	s.mu.Lock()
	c := s.cluster
	s.closed = true
	s.mu.Unlock()
	s.end()
	s.faults.Wait()
	if c == nil {
		return nil
	}
	return c.close()
}

// clusterName is the one cluster that an account has here.
const clusterName = "weir"

// arn is the cluster's; it is the same for an account and region at every start.
func (s *Service) arn() string {
	return fmt.Sprintf("arn:aws:kafka:%s:%s:cluster/%s/%s-1", s.cfg.Region, s.cfg.Account, clusterName, identity(s.cfg))
}

func identity(cfg Config) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte("kafka/"+cfg.Account+"/"+cfg.Region))
}
