// Package index is the last stage: it keeps documents of what cab-activity and
// cab-metrics say in OpenSearch, in one index a day for each kind.
//
// Guarantee: at-least-once, and therefore exactly once to whoever searches: a
// document's id and version follow from the record that it is made of, OpenSearch
// takes a document only over a lower version of itself (version_type=external), so
// records that come again, or in another order, change nothing. Offsets are
// committed when every document of a batch is settled.
//
// Where it breaks: a document that OpenSearch refuses for what it is (400), or that
// is no JSON, becomes a dead letter; if that was the newest state of a cab within its batch, the older
// ones of the batch are not written in its place. An index deleted by hand is not
// written again from the start.
package index

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/platform/kafka/avro"
	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// Config sets up a Stage.
type Config struct {
	Cluster  kafka.Cluster
	Registry *avro.Registry
	Search   scenario.Address // where OpenSearch is
	Member   kafka.Member
	Activity string // topic of activities
	Metrics  string // topic of windows' metrics
	Dead     string // topic of records that cannot be read, or whose document is refused
	Bulk     BulkConfig
	// HandOverMax is for a batch in hand when its partition goes; 0 means 5s.
	HandOverMax time.Duration
	Wall        clock.Clock
	Log         *slog.Logger
}

// What a batch and a partition's queue may hold. While OpenSearch takes nothing,
// that is all there is in memory: the rest waits on the topics.
const (
	batchRecordsMax = 2000
	queueRecordsMax = 6000
)

// Stage is one instance of the stage; any number of them share the partitions.
type Stage struct {
	cfg      Config
	consumer *kafka.Consumer
	letters  *kafka.Producer
	activity *avro.Decoder[event.Activity]
	metrics  *avro.Decoder[event.Metrics]
	bulk     *bulk
	release  func()
	dead     atomic.Int64
}

// New checks cfg and starts nothing.
func New(cfg Config) (*Stage, error) {
	s := &Stage{cfg: cfg}
	err := cfg.Bulk.Validate()
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	if s.activity, err = avro.NewDecoder[event.Activity](cfg.Registry, event.ActivitySchema()); err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	if s.metrics, err = avro.NewDecoder[event.Metrics](cfg.Registry, event.MetricsSchema()); err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	if s.letters, err = kafka.NewProducer(cfg.Cluster, kafka.ProducerConfig{Topic: cfg.Dead, BatchBytesMax: kafka.LetterBytesMax}); err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	s.consumer, err = kafka.NewConsumer(cfg.Cluster, kafka.ConsumerConfig{
		Member: cfg.Member, Topics: []string{cfg.Activity, cfg.Metrics},
		BatchRecordsMax: batchRecordsMax, QueueRecordsMax: queueRecordsMax, HandOverMax: cmp.Or(cfg.HandOverMax, 5*time.Second), CommitInterval: 500 * time.Millisecond,
		RetryMax: time.Second, Clock: cfg.Wall, Logger: cfg.Log,
	}, s.handle)
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	client, release, err := connect(cfg.Search)
	if err != nil {
		return nil, fmt.Errorf("index: %w", err)
	}
	s.bulk, s.release = newBulk(client, cfg.Bulk, cfg.Wall, cfg.Log), release
	return s, nil
}

// Ready is closed when the group has given the stage its first partitions.
func (s *Stage) Ready() <-chan struct{} { return s.consumer.Ready() }

// Consumer is the stage's, to be measured.
func (s *Stage) Consumer() *kafka.Consumer { return s.consumer }

// Run indexes until ctx ends, or until the stage cannot go on. It runs once.
func (s *Stage) Run(ctx context.Context) error {
	defer s.release()
	// The writer and the dead letters outlive the consumer, whose batches in hand
	// need them.
	below, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	group, below := errgroup.WithContext(below)
	group.Go(func() error { return s.bulk.run(below) })
	group.Go(func() error { return s.letters.Run(below) })
	consuming, cancel := context.WithCancel(ctx)
	defer cancel()
	context.AfterFunc(below, cancel) // the consumer is of no use alone
	err := s.consumer.Run(consuming)
	stop()
	if err = errors.Join(err, group.Wait()); err != nil {
		return fmt.Errorf("index: %w", err)
	}
	return nil
}

// handle indexes a batch of one partition: when it returns nil every record of
// the batch is in its documents, or a dead letter. Letters come last: what fails
// before is tried again with the whole batch, and would put them again each time.
func (s *Stage) handle(ctx context.Context, b kafka.Batch) error {
	f := newFold(len(b.Records))
	var bad []failed
	for _, record := range b.Records {
		documents, err := s.read(ctx, record)
		switch {
		case avro.RegistryFailed(err):
			return err // not the record's fault
		case err != nil:
			bad = append(bad, failed{record, err})
		}
		f.add(record, documents)
	}
	if len(f.kept) > 0 {
		refused, err := s.bulk.write(ctx, f.kept)
		if err != nil {
			return err
		}
		for at, why := range refused {
			d := f.kept[at]
			bad = append(bad, failed{d.origin, kafka.Permanent("document-refused", fmt.Errorf("document %s of %s: %w", d.ID, d.Index, why))})
		}
	}
	for _, r := range bad {
		if err := s.bury(ctx, r.record, r.why); err != nil {
			return err
		}
	}
	return nil
}

// failed is a record on its way to the dead letters.
type failed struct {
	record *kgo.Record
	why    error
}

// read is what a record has to say: nothing if it is only a mark.
func (s *Stage) read(ctx context.Context, record *kgo.Record) ([]Document, error) {
	if record.Value == nil {
		return nil, nil
	}
	if record.Topic == s.cfg.Metrics {
		m := new(event.Metrics)
		if err := s.metrics.Decode(ctx, record.Value, m); err != nil {
			return nil, err
		}
		return OfMetrics(m), nil
	}
	a := new(event.Activity)
	if err := s.activity.Decode(ctx, record.Value, a); err != nil {
		return nil, err
	}
	return OfActivity(a), nil
}

// bury makes a record a dead letter.
func (s *Stage) bury(ctx context.Context, record *kgo.Record, why error) error {
	letter := kafka.NewDeadLetter(record, why, 1, s.cfg.Wall.Now())
	letter.Topic = s.cfg.Dead
	if err := s.letters.Put(ctx, letter); err != nil {
		return fmt.Errorf("dead letter: %w", err)
	}
	s.dead.Add(1)
	s.cfg.Log.Warn("record became a dead letter", "topic", record.Topic, "partition", record.Partition, "offset", record.Offset, "error", why)
	return nil
}
