package kinesis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"

	"github.com/weirstream/weir/platform/clock"
)

// ConsumerConfig sets a Consumer's source and pace; zero fields take defaults.
type ConsumerConfig struct {
	Stream          string        // name or ARN
	ConsumerName    string        // enhanced fan-out with this consumer, registered if missing; "" means polling
	Start           Position      // where shards without a checkpoint begin; zero means TrimHorizon
	Shards          []string      // read only these, not their children, and return when all have ended; nil means the whole stream
	Checkpoints     Checkpointer  // nil: none kept, every Run begins at Start
	PollInterval    time.Duration // between two reads of a caught-up shard; 0 means 1s. Behind, it is at most 200 ms: five reads a second
	BatchRecordsMax int           // records per polled read, and user records per batch; 0 means 10,000
	SilenceMax      time.Duration // resubscribe when a subscription says nothing for so long; 0 means 35s
	CallMax         time.Duration // one API call, subscriptions excluded; 0 means 30s
	RetryMax        time.Duration // longest wait between retries of handler, checkpoint and calls; 0 means 5s
	JSON            bool          // polled records travel in JSON; by default in CBOR, as those of AWS's clients for Java
	Clock           clock.Clock   // nil means the wall clock
	Seed            uint64        // of the retries' jitter; 0 means from the clock
	Logger          *slog.Logger  // hears of every retried error; nil means nobody does
}

// Validate says every problem of the config in one error.
func (c *ConsumerConfig) Validate() error {
	var problems []error
	if c.Stream == "" {
		problems = append(problems, errors.New("Stream is empty; give its name or ARN"))
	}
	if c.BatchRecordsMax < 0 || c.BatchRecordsMax > 10_000 {
		problems = append(problems, fmt.Errorf("BatchRecordsMax %d is not in 1 to 10,000", c.BatchRecordsMax))
	}
	if c.PollInterval < 0 || c.SilenceMax < 0 || c.CallMax < 0 || c.RetryMax < 0 {
		problems = append(problems, errors.New("durations must not be negative"))
	}
	problems = append(problems, c.Start.validate(len(c.Shards)))
	return errors.Join(problems...)
}

func (c ConsumerConfig) withDefaults() ConsumerConfig {
	c.PollInterval = cmp.Or(c.PollInterval, time.Second)
	c.BatchRecordsMax = cmp.Or(c.BatchRecordsMax, 10_000)
	c.SilenceMax = cmp.Or(c.SilenceMax, 35*time.Second)
	c.CallMax = cmp.Or(c.CallMax, 30*time.Second)
	c.RetryMax = cmp.Or(c.RetryMax, 5*time.Second)
	c.Clock = cmp.Or[clock.Clock](c.Clock, clock.Wall{})
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Batch is what one read brought: records of one shard in the shard's order.
type Batch struct {
	ShardID            string
	Records            []ReceivedRecord // never empty
	MillisBehindLatest int64            // 0 means caught up
}

// ReceivedRecord is one user record.
type ReceivedRecord struct {
	PartitionKey    string
	ExplicitHashKey string // only of a user record of an aggregate: the service does not tell a plain one's
	SequenceNumber  string // of the stored record
	SubSequence     int    // its place within an aggregate; 0 for a plain record
	Aggregated      bool
	Data            []byte
	Arrival         time.Time // the service's clock, not guaranteed monotonic
}

// Handler handles one batch. It is called from one goroutine per shard, never
// twice at once for a shard, and again with the same batch while it returns an
// error. ctx ends when Run's does. The handler may keep the batch.
type Handler func(ctx context.Context, b Batch) error

// Consumer reads a stream's shards, each in order, and follows reshards: a
// shard's records are handed over only when all records of its parents have
// been handled, so the order per partition key survives splits and merges.
// Records that a producer aggregated come one by one, as they were put.
//
// Delivery is at-least-once: a batch is checkpointed after its handler returned
// nil, so it is delivered again after a handler error, and after a crash or a
// lost checkpoint. Two guarantees it does not give: with Start Latest and no
// checkpoint stored yet, a restart begins at the then latest record; and data
// that outlives the stream's retention unread is gone. One process reads all
// shards; nothing here divides shards among several.
type Consumer struct {
	api    API
	cfg    ConsumerConfig
	handle Handler
	ready  chan struct{}

	jitter    *clock.Jitter
	wire      func(*kinesis.Options)
	subscribe subscribeFunc

	records, dropped, retries, subscriptions atomic.Int64
}

// NewConsumer checks cfg and starts nothing.
func NewConsumer(api API, cfg ConsumerConfig, handle func(ctx context.Context, b Batch) error) (*Consumer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("consumer config: %w", err)
	}
	cfg = cfg.withDefaults()
	return &Consumer{
		api: api, cfg: cfg, handle: handle, ready: make(chan struct{}),
		jitter: clock.NewJitter(cfg.Seed, cfg.Clock), wire: onWire(cfg.JSON), subscribe: subscribeBy(api),
	}, nil
}

// Ready is closed when every shard known at the start is being read, those
// excepted that wait for a parent's backlog. Whatever is put after that reaches
// the handler also with Start Latest. It stays open if Run ends before that.
func (c *Consumer) Ready() <-chan struct{} { return c.ready }

// ConsumerStats counts since NewConsumer.
type ConsumerStats struct {
	Records       int64 // handed to the handler and accepted by it
	Dropped       int64 // aggregates of which not every user record was handed over
	Retries       int64 // handler errors, checkpoint errors and failed calls that were tried again
	Subscriptions int64 // enhanced fan-out only
}

// Stats is safe to call at any time.
func (c *Consumer) Stats() ConsumerStats {
	return ConsumerStats{
		Records: c.records.Load(), Dropped: c.dropped.Load(),
		Retries: c.retries.Load(), Subscriptions: c.subscriptions.Load(),
	}
}
