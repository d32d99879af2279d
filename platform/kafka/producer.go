package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/clock"
)

// Compression of a producer's batches.
type Compression string

// What brokers of every supported version can read.
const (
	Zstd         Compression = "zstd"
	LZ4          Compression = "lz4"
	Snappy       Compression = "snappy"
	Uncompressed Compression = "none"
)

func (c Compression) codec() (kgo.CompressionCodec, error) {
	switch c {
	case Zstd:
		return kgo.ZstdCompression(), nil
	case LZ4:
		return kgo.Lz4Compression(), nil
	case Snappy, "":
		return kgo.SnappyCompression(), nil // needs the least memory at either end
	case Uncompressed:
		return kgo.NoCompression(), nil
	}
	return kgo.CompressionCodec{}, fmt.Errorf("Compression is %q; want snappy, lz4, zstd or none", string(c))
}

// ProducerConfig sets a Producer's limits; zero fields take defaults.
type ProducerConfig struct {
	Topic            string        // of records that name none; may be empty if all do
	Compression      Compression   // "" means snappy
	LingerMax        time.Duration // how long a record waits for company; 0 means 5ms, negative means not at all
	BatchBytesMax    int           // of one partition's batch; 0 means 1,000,000
	BufferRecordsMax int           // Put blocks while so many are unacknowledged; 0 means 10,000
	BufferBytesMax   int           // or so many bytes; 0 means 64 MiB
	RecordTTL        time.Duration // a record is given up after; 0 means 30s
	CallMax          time.Duration // a broker's time to have a batch on its replicas; 0 means 10s
}

// Validate says every problem of the config in one error.
func (c *ProducerConfig) Validate() error {
	var problems []error
	if _, err := c.Compression.codec(); err != nil {
		problems = append(problems, err)
	}
	if c.RecordTTL < 0 || c.CallMax < 0 {
		problems = append(problems, errors.New("RecordTTL and CallMax must not be negative"))
	}
	if ttl := cmp.Or(c.RecordTTL, recordTTL); ttl > 0 && ttl < time.Second {
		problems = append(problems, fmt.Errorf("RecordTTL is %v; brokers cannot be asked for less than 1s", ttl))
	}
	for _, n := range []struct {
		name string
		have int
		most int
	}{
		{"BatchBytesMax", c.BatchBytesMax, 64 << 20},
		{"BufferRecordsMax", c.BufferRecordsMax, 1 << 30},
		{"BufferBytesMax", c.BufferBytesMax, 1 << 40},
	} {
		if n.have < 0 || n.have > n.most {
			problems = append(problems, fmt.Errorf("%s is %d; want 1 to %d, or 0 for the default", n.name, n.have, n.most))
		}
	}
	return errors.Join(problems...)
}

const recordTTL = 30 * time.Second

func (c ProducerConfig) options() []kgo.Opt {
	codec, _ := c.Compression.codec()
	opts := []kgo.Opt{
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerBatchCompression(codec),
		kgo.ProducerLinger(max(0, cmp.Or(c.LingerMax, 5*time.Millisecond))),
		kgo.ProducerBatchMaxBytes(int32(cmp.Or(c.BatchBytesMax, 1_000_000))),
		kgo.MaxBufferedRecords(math.MaxInt), // the gate bounds them
		kgo.RecordDeliveryTimeout(cmp.Or(c.RecordTTL, recordTTL)),
		kgo.ProduceRequestTimeout(cmp.Or(c.CallMax, 10*time.Second)),
		kgo.RecordPartitioner(newPartitioner()),
	}
	if c.Topic != "" {
		opts = append(opts, kgo.DefaultProduceTopic(c.Topic))
	}
	return opts
}

// ProducerStats counts since NewProducer.
type ProducerStats struct {
	Accepted     int64 // taken into the buffer
	Acknowledged int64
	Failed       int64
	Bytes        int64 // keys and values acknowledged
	Buffered     int64 // now: accepted and not yet settled
}

// Producer puts records on topics. A record goes to the partition of its key,
// chosen as Java's clients do, so give the entity's id as the key: its records
// are then read in the order of their puts. ToPartition overrides that.
//
// Delivery: a record acknowledged lies on every in-sync replica, exactly once
// and in order, because the producer is idempotent: a batch whose answer was
// lost is sent again and the broker knows it by its number. Where it breaks: a
// record reported as failed (RecordTTL passed, ctx of a stop ran out) may have
// been written, so putting it again may double it, as may the caller's own
// retry after a crash. Readers that need more remove duplicates by an id inside
// the data. With fewer than min.insync.replicas in sync records wait until
// RecordTTL. Brokers whose topic allows unclean leader election, as MSK's
// default does, may lose what they acknowledged.
type Producer struct {
	cluster Cluster
	cfg     ProducerConfig
	extra   []kgo.Opt
	gate    *gate
	client  atomic.Pointer[kgo.Client]
	running chan struct{} // closed when client is set
}

// NewProducer checks its arguments and starts nothing. Options are for tests.
func NewProducer(cluster Cluster, cfg ProducerConfig, extra ...kgo.Opt) (*Producer, error) {
	if err := errors.Join(cluster.Validate(), cfg.Validate()); err != nil {
		return nil, fmt.Errorf("producer config: %w", err)
	}
	return &Producer{
		cluster: cluster, cfg: cfg, extra: extra, running: make(chan struct{}),
		gate: newGate(cmp.Or(cfg.BufferRecordsMax, 10_000), cmp.Or(cfg.BufferBytesMax, 64<<20)),
	}, nil
}

// Run sends what is put until ctx ends. Then it refuses new records, flushes
// what is buffered, which RecordTTL bounds, and returns nil; every record
// accepted has had its callback by then. It returns an error at once if the
// cluster refuses the password. A Producer runs once.
func (p *Producer) Run(ctx context.Context) error {
	client, err := p.cluster.client(append(p.cfg.options(), p.extra...)...)
	if err != nil {
		return fmt.Errorf("produce: %w", err)
	}
	defer client.Close()
	p.client.Store(client)
	close(p.running)
	defer p.gate.close()
	if err := client.Ping(ctx); hopeless(err) {
		return fmt.Errorf("produce: %w", err)
	}
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-p.gate.full:
			// Who waits for room must not wait for company to linger for. It
			// fails when ctx has ended, and then there is another flush below.
			_ = client.Flush(ctx)
		}
	}
	p.gate.close()
	tick := (clock.Wall{}).NewTicker(time.Millisecond)
	defer tick.Stop()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), cmp.Or(p.cfg.RecordTTL, recordTTL)+time.Second)
	defer cancel()
	for empty := false; ; {
		if err := client.Flush(last); err != nil {
			return fmt.Errorf("produce: flush %d records at the end: %w", p.Stats().Buffered, err)
		}
		if empty {
			return nil
		}
		select {
		case <-p.gate.empty:
			empty = true // the last one's callback may be under way, which a flush waits for
		case <-tick.C: // one is between the gate and the client
		}
	}
}

// Put blocks until the record is acknowledged or failed for good, then with a
// *ProduceError. If ctx ends first it returns ctx's error, and a record already
// accepted is still sent.
func (p *Producer) Put(ctx context.Context, r *kgo.Record) error {
	settled := make(chan error, 1)
	if err := p.PutAsync(ctx, r, func(_ *kgo.Record, err error) { settled <- err }); err != nil {
		return err
	}
	select {
	case err := <-settled:
		return err
	case <-ctx.Done():
		return fmt.Errorf("put record on %s: %w", r.Topic, ctx.Err())
	}
}

// PutAsync accepts the record and blocks only for back-pressure, so it needs a
// Run to make room. If it returns nil, done (which may be nil) is called
// exactly once, with nil or a *ProduceError; otherwise never. On nil the record
// carries its partition, offset and time. done must neither block nor put. The
// record belongs to the producer until then; leave its Timestamp zero.
func (p *Producer) PutAsync(ctx context.Context, r *kgo.Record, done func(*kgo.Record, error)) error {
	if r.Topic == "" {
		r.Topic = p.cfg.Topic
	}
	if p.client.Load() == nil {
		select {
		case <-p.running:
		case <-ctx.Done():
		}
	}
	if err := p.checkTimestamp(r); err != nil {
		return err
	}
	size := len(r.Key) + len(r.Value)
	err := ctx.Err()
	if err == nil {
		err = p.gate.enter(ctx, size)
	}
	if errors.Is(err, ErrStopped) {
		return produceError(r, err)
	}
	if err != nil {
		return fmt.Errorf("put record on %s: %w", r.Topic, err)
	}
	p.client.Load().Produce(context.Background(), r, func(r *kgo.Record, err error) {
		p.gate.leave(size, err == nil)
		if done == nil {
			return
		}
		if err != nil {
			err = produceError(r, err)
		}
		done(r, err)
	})
	return nil
}

// checkTimestamp refuses a record that carries another time than now's: the
// client counts RecordTTL from it. Event time belongs into the value.
func (p *Producer) checkTimestamp(r *kgo.Record) error {
	if r.Timestamp.IsZero() {
		return nil
	}
	if off := (clock.Wall{}).Now().Sub(r.Timestamp).Abs(); off > cmp.Or(p.cfg.RecordTTL, recordTTL)/2 {
		err := fmt.Errorf("its Timestamp is %v off; leave it zero, and put event time into the value or a header", off)
		return &ProduceError{Topic: r.Topic, Partition: -1, Err: err}
	}
	return nil
}

// Stats is safe to call at any time.
func (p *Producer) Stats() ProducerStats { return p.gate.count() }
