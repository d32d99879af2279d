package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/clock"
)

// ConsumerConfig sets a Consumer's source and pace; zero fields take defaults.
type ConsumerConfig struct {
	Member          Member
	Topics          []string
	Uncommitted     bool          // also records of open and aborted transactions; by default committed ones only
	BatchRecordsMax int           // handed over at once; 0 means 1,000
	QueueRecordsMax int           // a partition with so many records waiting is fetched no more until half are done; 0 means 20,000
	CommitInterval  time.Duration // how often done work is committed; 0 means 1s
	HandOverMax     time.Duration // for the batch in hand when its partition is revoked or ctx ends; 0 means 10s
	AttemptsMax     int           // of a batch, before its records are tried one by one and those that fail become dead letters; 0 means 5
	RetryMin        time.Duration // first wait between attempts; 0 means 50ms
	RetryMax        time.Duration // longest one; 0 means 5s
	DeadLetters     Putter        // with BatchBytesMax LetterBytesMax: a letter that is too large is retried for ever; nil: what fails is
	Clock           clock.Clock   // of waits and lags; nil means the wall clock
	Seed            uint64        // of the retries' jitter; 0 means from the clock
	Logger          *slog.Logger  // hears of every retried error; nil means nobody does
}

// Putter takes dead letters; a *Producer is one.
type Putter interface {
	Put(ctx context.Context, r *kgo.Record) error
}

// Validate says every problem of the config in one error.
func (c *ConsumerConfig) Validate() error {
	problems := c.Member.problems()
	if len(c.Topics) == 0 {
		problems = append(problems, errors.New("Topics is empty; give at least one"))
	}
	if c.BatchRecordsMax < 0 || c.QueueRecordsMax < 0 || c.AttemptsMax < 0 {
		problems = append(problems, errors.New("BatchRecordsMax, QueueRecordsMax and AttemptsMax must not be negative"))
	}
	if c.CommitInterval < 0 || c.HandOverMax < 0 || c.RetryMin < 0 || c.RetryMax < 0 {
		problems = append(problems, errors.New("durations must not be negative"))
	}
	if most := cmp.Or(c.Member.RebalanceTimeout, time.Minute); cmp.Or(c.HandOverMax, 10*time.Second) >= most {
		problems = append(problems, fmt.Errorf("HandOverMax %v must be less than Member.RebalanceTimeout %v", cmp.Or(c.HandOverMax, 10*time.Second), most))
	}
	return errors.Join(problems...)
}

func (c ConsumerConfig) withDefaults() ConsumerConfig {
	c.BatchRecordsMax = cmp.Or(c.BatchRecordsMax, 1000)
	c.QueueRecordsMax = cmp.Or(c.QueueRecordsMax, 20_000)
	c.CommitInterval = cmp.Or(c.CommitInterval, time.Second)
	c.HandOverMax = cmp.Or(c.HandOverMax, 10*time.Second)
	c.AttemptsMax = cmp.Or(c.AttemptsMax, 5)
	c.RetryMin = cmp.Or(c.RetryMin, 50*time.Millisecond)
	c.RetryMax = cmp.Or(c.RetryMax, 5*time.Second)
	c.Clock = cmp.Or[clock.Clock](c.Clock, clock.Wall{})
	c.Logger = loggerOr(c.Logger)
	return c
}

// ConsumerStats counts since NewConsumer.
type ConsumerStats struct {
	Records      int64 // done: handled, or made dead letters
	Bytes        int64 // of them, keys and values
	Retries      int64 // attempts beyond a batch's first
	DeadLettered int64
	Commits      int64
	Assigned     int64 // partitions now
	Revoked      int64 // partitions handed over or lost
	Queued       int64 // records fetched and not yet handed over, now
}

// Consumer reads topics as a member of a consumer group and hands each
// partition's records, in order, to a handler: one batch of a partition at a
// time, several partitions at once.
//
// Delivery is at-least-once: offsets are committed after the handler returned
// nil, every CommitInterval and whenever a partition is handed over, so what
// was handled since is delivered again after a crash, or after a hand-over that
// outlasted HandOverMax. A batch that fails is tried again with a growing wait
// while its partition, and it alone, stands still; with DeadLetters, records
// that still fail are put there and passed over, and a *PermanentError or an
// error of package avro is not retried at all. A dead letter is on its topic
// before the record counts as done; a crash in between repeats it. Data that
// outlives the topic's retention unread is gone.
type Consumer struct {
	cluster Cluster
	cfg     ConsumerConfig
	handle  func(context.Context, Batch) error
	extra   []kgo.Opt
	jitter  *clock.Jitter
	lags    *lags
	ready   chan struct{}
	once    sync.Once
	client  *kgo.Client   // from Run's beginning
	born    chan struct{} // closed when client is set; callbacks may come before

	mu      sync.Mutex
	workers map[topicPartition]*worker
	working sync.WaitGroup
	commits sync.Mutex // one commit at a time, so that none goes back

	records, bytes, retries, deadLettered, committed, queued, revoked atomic.Int64
}

// NewConsumer checks its arguments and starts nothing. handle may keep the
// records. Its ctx ends when it must give up: its partition is going, and
// HandOverMax is over. Options are for tests.
func NewConsumer(cluster Cluster, cfg ConsumerConfig, handle func(ctx context.Context, b Batch) error, extra ...kgo.Opt) (*Consumer, error) {
	if err := errors.Join(cluster.Validate(), cfg.Validate()); err != nil {
		return nil, fmt.Errorf("consumer config: %w", err)
	}
	cfg = cfg.withDefaults()
	return &Consumer{
		cluster: cluster, cfg: cfg, handle: handle, extra: extra, ready: make(chan struct{}), born: make(chan struct{}),
		jitter: clock.NewJitter(cfg.Seed, cfg.Clock), lags: newLags(cfg.Member.Group), workers: map[topicPartition]*worker{},
	}, nil
}

// Ready is closed when the group has given this member its first partitions,
// perhaps none.
func (c *Consumer) Ready() <-chan struct{} { return c.ready }

// Lags are the assigned partitions' lags, by what is done, committed or not.
func (c *Consumer) Lags() []Lag { return c.lags.all(c.cfg.Clock.Now()) }

// Stats is safe to call at any time.
func (c *Consumer) Stats() ConsumerStats {
	c.mu.Lock()
	assigned := len(c.workers)
	c.mu.Unlock()
	return ConsumerStats{
		Records: c.records.Load(), Bytes: c.bytes.Load(), Retries: c.retries.Load(), DeadLettered: c.deadLettered.Load(),
		Commits: c.committed.Load(), Queued: c.queued.Load(), Revoked: c.revoked.Load(), Assigned: int64(assigned),
	}
}
