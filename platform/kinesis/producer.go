package kinesis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/weirstream/weir/platform/clock"
)

// ProducerConfig sets a Producer's target and limits; zero fields take defaults.
type ProducerConfig struct {
	Stream           string        // name or ARN
	LingerMax        time.Duration // how long a record waits for company while other calls are in flight; 0 means 5ms
	BatchRecordsMax  int           // 0 means 500, the most one call may carry
	BatchBytesMax    int           // data and keys of one call; 0 means 10 MiB less 64 KiB
	RecordBytesMax   int           // the stream's MaxRecordSizeInKiB in bytes; 0 means 1 MiB
	BufferRecordsMax int           // Put blocks while so many are unacknowledged; 0 means 10,000
	BufferBytesMax   int           // or so many bytes; 0 means 64 MiB
	InFlightMax      int           // concurrent calls; 0 means 4
	CallMax          time.Duration // one call; 0 means 6s
	RecordTTL        time.Duration // a record is given up after; 0 means 30s
	OrderPerKey      bool          // a key's record waits until its predecessor is acknowledged or given up
	Clock            clock.Clock   // nil means the wall clock
	Seed             uint64        // of the retries' jitter
}

// Validate says every problem of the config in one error.
func (c *ProducerConfig) Validate() error {
	var problems []error
	inRange := func(name string, n, max int) {
		if n < 0 || n > max {
			problems = append(problems, fmt.Errorf("%s %d is not in 1 to %d (0 means the default)", name, n, max))
		}
	}
	if c.Stream == "" {
		problems = append(problems, errors.New("Stream is empty; give its name or ARN"))
	}
	inRange("BatchRecordsMax", c.BatchRecordsMax, batchRecordsLimit)
	inRange("BatchBytesMax", c.BatchBytesMax, batchBytesLimit)
	inRange("RecordBytesMax", c.RecordBytesMax, recordBytesLimit)
	inRange("BufferRecordsMax", c.BufferRecordsMax, 1<<30)
	inRange("BufferBytesMax", c.BufferBytesMax, 1<<40)
	inRange("InFlightMax", c.InFlightMax, 1<<16)
	if c.LingerMax < 0 || c.RecordTTL < 0 || c.CallMax < 0 {
		problems = append(problems, errors.New("durations must not be negative"))
	}
	return errors.Join(problems...)
}

func (c ProducerConfig) withDefaults() ProducerConfig {
	c.LingerMax = cmp.Or(c.LingerMax, 5*time.Millisecond)
	c.BatchRecordsMax = cmp.Or(c.BatchRecordsMax, batchRecordsLimit)
	c.BatchBytesMax = cmp.Or(c.BatchBytesMax, batchBytesLimit-64<<10)
	c.RecordBytesMax = min(cmp.Or(c.RecordBytesMax, 1<<20), c.BatchBytesMax)
	c.BufferRecordsMax = cmp.Or(c.BufferRecordsMax, 10_000)
	c.BufferBytesMax = cmp.Or(c.BufferBytesMax, 64<<20)
	c.InFlightMax = cmp.Or(c.InFlightMax, 4)
	c.CallMax = cmp.Or(c.CallMax, 6*time.Second)
	c.RecordTTL = cmp.Or(c.RecordTTL, 30*time.Second)
	c.Clock = cmp.Or[clock.Clock](c.Clock, clock.Wall{})
	return c
}

// ProducerStats counts since NewProducer.
type ProducerStats struct {
	Accepted     int64 // taken into the buffer
	Acknowledged int64
	Failed       int64 // given up: permanent error, TTL or stop
	Retried      int64 // tries of a record beyond its first
	Throttled    int64 // refusals of a record for lack of throughput
	Calls        int64
	Buffered     int64 // now: accepted and not yet settled
}

var errNotBuilt = errors.New("being built")

// Producer is a placeholder for the minutes until its parts are committed.
type Producer struct{ cfg ProducerConfig }

// NewProducer checks cfg and starts nothing.
func NewProducer(api PutRecordsAPI, cfg ProducerConfig) (*Producer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("producer config: %w", err)
	}
	return &Producer{cfg: cfg.withDefaults()}, nil
}

// Run sends what is put until ctx ends, then flushes and returns.
func (p *Producer) Run(ctx context.Context) error { return errNotBuilt }

// Put blocks until the record is acknowledged or failed for good.
func (p *Producer) Put(ctx context.Context, r Record) (Receipt, error) {
	return Receipt{}, errNotBuilt
}

// PutAsync blocks only for back-pressure; done is called exactly once if it returns nil, never otherwise.
func (p *Producer) PutAsync(ctx context.Context, r Record, done func(Receipt, error)) error {
	return errNotBuilt
}

// Stats is safe to call at any time.
func (p *Producer) Stats() ProducerStats { return ProducerStats{} }

// PutAll puts all records synchronously; see putall.go.
func PutAll(ctx context.Context, api PutRecordsAPI, stream string, records []Record, opts ...PutAllOption) error {
	return errNotBuilt
}

// PutAllOption is a test seam of PutAll.
type PutAllOption func(*ProducerConfig)

// Run reads until ctx ends.
func (c *Consumer) Run(ctx context.Context) error { return errNotBuilt }
