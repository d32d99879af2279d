package kinesis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"

	"github.com/weirstream/weir/platform/clock"
)

// ProducerConfig sets a Producer's target and limits; zero fields take defaults.
type ProducerConfig struct {
	Stream           string        // name or ARN
	LingerMax        time.Duration // how long a record waits for company while others are on their way; 0 means 5ms, with Aggregation 100ms
	BatchRecordsMax  int           // 0 means 500, the most one call may carry
	BatchBytesMax    int           // data and keys of one call; 0 means 10 MiB less 64 KiB
	RecordBytesMax   int           // the stream's MaxRecordSizeInKiB in bytes; 0 means 1 MiB
	BufferRecordsMax int           // Put blocks while so many are unacknowledged; 0 means 10,000, with Aggregation 100,000
	BufferBytesMax   int           // or so many bytes; 0 means 64 MiB
	InFlightMax      int           // concurrent calls; 0 means 4
	CallMax          time.Duration // one call; 0 means 6s
	RecordTTL        time.Duration // a record is given up after; 0 means 30s
	Aggregation      Aggregation   // many records in one; off by default
	OrderPerKey      bool          // a key's record waits until its predecessor is acknowledged or given up
	JSON             bool          // puts travel in JSON; by default in CBOR, as those of AWS's clients for Java
	Clock            clock.Clock   // nil means the wall clock
	Seed             uint64        // of the retries' jitter; 0 means from the clock
}

// Aggregation packs records that will land on the same shard into one stored
// record, in the format of Amazon's Kinesis Producer Library, so that small
// ones do not use up the 1,000 records a second that a shard takes. Its readers
// must take them apart, as Consumer, Deaggregate and Amazon's libraries do.
type Aggregation struct {
	On         bool
	BytesMax   int // of one aggregate, 64 to 1,048,576; 0 means 51,200. A record that is larger goes alone
	RecordsMax int // in one aggregate; 0 means as many as BytesMax allows
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
	if n := c.Aggregation.BytesMax; n != 0 && (n < aggregateBytesMin || n > aggregateBytesMost) {
		problems = append(problems, fmt.Errorf("Aggregation.BytesMax %d is not in %d to %d (0 means the default)", n, aggregateBytesMin, aggregateBytesMost))
	}
	inRange("Aggregation.RecordsMax", c.Aggregation.RecordsMax, math.MaxInt)
	if c.LingerMax < 0 || c.RecordTTL < 0 || c.CallMax < 0 {
		problems = append(problems, errors.New("durations must not be negative"))
	}
	return errors.Join(problems...)
}

func (c ProducerConfig) withDefaults() ProducerConfig {
	linger, records := 5*time.Millisecond, 10_000
	if c.Aggregation.On {
		linger, records = 100*time.Millisecond, 100_000
	}
	c.LingerMax = cmp.Or(c.LingerMax, linger)
	c.BatchRecordsMax = cmp.Or(c.BatchRecordsMax, batchRecordsLimit)
	c.BatchBytesMax = cmp.Or(c.BatchBytesMax, batchBytesLimit-64<<10)
	c.RecordBytesMax = min(cmp.Or(c.RecordBytesMax, 1<<20), c.BatchBytesMax)
	c.Aggregation.BytesMax = min(cmp.Or(c.Aggregation.BytesMax, aggregateBytesMax), c.RecordBytesMax-len(aggregateOuterKey))
	c.Aggregation.RecordsMax = cmp.Or(c.Aggregation.RecordsMax, math.MaxInt)
	c.BufferRecordsMax = cmp.Or(c.BufferRecordsMax, records)
	c.BufferBytesMax = cmp.Or(c.BufferBytesMax, 64<<20)
	c.InFlightMax = cmp.Or(c.InFlightMax, 4)
	c.CallMax = cmp.Or(c.CallMax, putCallMax)
	c.RecordTTL = cmp.Or(c.RecordTTL, 30*time.Second)
	c.Clock = cmp.Or[clock.Clock](c.Clock, clock.Wall{})
	return c
}

// callRecordsMax is how many records the dispatcher takes for one call. With
// aggregation a call holds far more than 500, so that every call can have its
// share of a full buffer.
func (c *ProducerConfig) callRecordsMax() int {
	if c.Aggregation.On {
		return max(c.BatchRecordsMax, c.BufferRecordsMax/c.InFlightMax)
	}
	return c.BatchRecordsMax
}

// ProducerStats counts since NewProducer.
type ProducerStats struct {
	Accepted     int64 // taken into the buffer
	Acknowledged int64
	Failed       int64 // given up: permanent error, TTL or stop
	Retried      int64 // tries of a record beyond its first
	Throttled    int64 // refusals of a record for lack of throughput
	Calls        int64
	Aggregates   int64 // stored records that held several, acknowledged
	Misplaced    int64 // aggregates that a reshard made land elsewhere, and were put again
	Buffered     int64 // now: accepted and not yet settled
}

// Producer batches records into PutRecords calls. A lone record goes out at
// once; while calls are in flight, and after one of several records, records wait
// for company up to LingerMax.
// Records that the service refused for a passing reason (throughput, internal
// failure, network) are put again with exponential backoff and full jitter,
// each on its own; a permanent refusal of a call fails its records at once.
//
// Delivery is at-least-once: a try whose reply was lost may have happened, and
// is repeated. Order is not kept unless OrderPerKey is set; then a key has at
// most one record on its way, because one call gives no order among its
// records, and a reader that removes duplicates sees each key's records in the
// order of their puts. A record given up is a gap, not a stop.
//
// With Aggregation records always wait for company, up to LingerMax, unless the
// buffer is full. Those of an aggregate are acknowledged or put again together.
// It needs ListShards to know which records share a shard; where it does not
// know, records go alone. One that a reshard made land on a shard which is not
// all its records' is put again, because readers discard it.
type Producer struct {
	api    ProducerAPI
	cfg    ProducerConfig
	buffer *buffer
	jitter *clock.Jitter
	wire   func(*kinesis.Options)
	shards *shardMap  // nil without Aggregation
	packs  sync.Pool  // of *packer
	places placeCache // of Run alone
	count  counters
}

type counters struct {
	acknowledged, failed, retried, throttled, calls, aggregates, misplaced atomic.Int64
}

// NewProducer checks cfg and starts nothing.
func NewProducer(api ProducerAPI, cfg ProducerConfig) (*Producer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("producer config: %w", err)
	}
	cfg = cfg.withDefaults()
	p := &Producer{api: api, cfg: cfg, buffer: newBuffer(cfg), jitter: clock.NewJitter(cfg.Seed, cfg.Clock), wire: onWire(cfg.JSON)}
	if cfg.Aggregation.On {
		p.shards = &shardMap{api: api, stream: cfg.Stream, clock: cfg.Clock}
		p.places.size = streamPlaces
	}
	return p, nil
}

// Run sends what is put until ctx ends. Then it refuses new records, flushes
// what is buffered, which RecordTTL bounds, and returns nil; every record
// accepted has had its callback by then. A Producer runs once.
func (p *Producer) Run(ctx context.Context) error {
	var calls sync.WaitGroup
	defer calls.Wait()
	timer := p.cfg.Clock.NewTimer(time.Hour)
	defer timer.Stop()
	callCtx, stop := context.WithoutCancel(ctx), ctx.Done()
	for {
		next := p.buffer.next(p.cfg.Clock.Now())
		if len(next.expired) > 0 {
			p.expire(next.expired)
		}
		switch {
		case next.batch != nil:
			p.place(next.batch)
			calls.Go(func() { p.send(callCtx, next.batch) })
			continue
		case len(next.expired) > 0:
			continue
		case next.drained:
			return nil
		}
		timer.Reset(next.wait)
		select {
		case <-p.buffer.wake:
		case <-timer.C:
		case <-stop:
			p.buffer.stop()
			stop = nil
		}
	}
}

// Put blocks until the record is acknowledged or failed for good. If ctx ends
// first it returns ctx's error, and a record already accepted is still sent.
func (p *Producer) Put(ctx context.Context, r Record) (Receipt, error) {
	type outcome struct {
		receipt Receipt
		err     error
	}
	settled := make(chan outcome, 1)
	if err := p.PutAsync(ctx, r, func(receipt Receipt, err error) { settled <- outcome{receipt, err} }); err != nil {
		return Receipt{}, err
	}
	select {
	case o := <-settled:
		return o.receipt, o.err
	case <-ctx.Done():
		return Receipt{}, fmt.Errorf("put record on %s: %w", p.cfg.Stream, ctx.Err())
	}
}

// PutAsync accepts the record and blocks only for back-pressure, so it needs a
// Run to make room. If it returns nil, done is called exactly once; otherwise
// never. done runs on the sending goroutine and must neither block nor put.
func (p *Producer) PutAsync(ctx context.Context, r Record, done func(Receipt, error)) error {
	if err := r.check(p.cfg.RecordBytesMax); err != nil {
		return fmt.Errorf("put record on %s: %w", p.cfg.Stream, err)
	}
	e := &entry{record: r, size: r.size(), done: done}
	if err := p.buffer.add(ctx, e, p.cfg.Clock); err != nil {
		return fmt.Errorf("put record on %s: %w", p.cfg.Stream, err)
	}
	return nil
}

// Stats is safe to call at any time.
func (p *Producer) Stats() ProducerStats {
	accepted, held := p.buffer.counts()
	return ProducerStats{
		Accepted:     accepted,
		Acknowledged: p.count.acknowledged.Load(),
		Failed:       p.count.failed.Load(),
		Retried:      p.count.retried.Load(),
		Throttled:    p.count.throttled.Load(),
		Calls:        p.count.calls.Load(),
		Aggregates:   p.count.aggregates.Load(),
		Misplaced:    p.count.misplaced.Load(),
		Buffered:     held,
	}
}
