package refine

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/platform/kafka/avro"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// Config sets up a Stage.
type Config struct {
	Cluster    kafka.Cluster
	Registry   *avro.Registry
	Member     kafka.Member
	Input      string        // of readings; the undecodable go to its dead letters
	Output     string        // of activities
	Late       string        // of readings that came too late or after their run, as they were
	State      string        // compacted, with as many partitions as Input
	Partitions int32         // of Output
	Lateness   time.Duration // how far behind the latest of its partition a reading may be
	Wall       clock.Clock
	Log        *slog.Logger
}

// Stage is one instance of the stage; any number of them share the partitions.
type Stage struct {
	*kafka.Transformer
	cfg       Config
	telemetry *avro.Decoder[event.Telemetry]
	activity  *avro.Encoder[event.Activity]
	counts    counts
}

// New checks cfg and starts nothing.
func New(cfg Config) (*Stage, error) {
	s := &Stage{cfg: cfg}
	var err error
	if s.telemetry, err = avro.NewDecoder[event.Telemetry](cfg.Registry, event.TelemetrySchema(event.Schema)); err != nil {
		return nil, fmt.Errorf("refine: %w", err)
	}
	if s.activity, err = avro.NewEncoder[event.Activity](cfg.Registry, cfg.Output, event.ActivitySchema()); err != nil {
		return nil, fmt.Errorf("refine: %w", err)
	}
	s.Transformer, err = kafka.NewTransformer(cfg.Cluster, kafka.TransformerConfig{
		Member: cfg.Member, Topic: cfg.Input, StateTopic: cfg.State, Clock: cfg.Wall, Logger: cfg.Log,
	}, func(int32) *Partition { return NewPartition(cfg.Lateness) }, s.handle)
	if err != nil {
		return nil, fmt.Errorf("refine: %w", err)
	}
	return s, nil
}

// handle refines a batch of one partition.
func (s *Stage) handle(ctx context.Context, b kafka.Batch, p *Partition) ([]*kgo.Record, error) {
	out := newSheet(s, len(b.Records)+int(s.cfg.Partitions))
	for _, record := range b.Records {
		if err := s.reading(ctx, record, p, out); err != nil {
			return nil, err
		}
	}
	if watermark, news := p.Tell(); news {
		mark := header(event.Mark{Run: p.Run(), Source: b.Partition, Watermark: watermark})
		for partition := range s.cfg.Partitions {
			out.add(kafka.ToPartition(&kgo.Record{Topic: s.cfg.Output, Headers: mark}, partition))
		}
	}
	return out.all, nil
}

// reading adds what one record comes to.
func (s *Stage) reading(ctx context.Context, record *kgo.Record, p *Partition, out *sheet) error {
	t, err := s.read(ctx, record)
	if err != nil {
		if avro.RegistryFailed(err) {
			return err // not the record's fault
		}
		s.counts.dead.Add(1)
		out.add(kafka.NewDeadLetter(record, err, 1, s.cfg.Wall.Now()))
		return nil
	}
	// Of before: nothing that Take emits is behind it.
	mark := event.Mark{Run: t.RunID, Source: record.Partition, Watermark: p.Watermark()}
	if t.RunID != p.Run() {
		mark.Watermark = 0
	}
	verdict := p.Take(t, func(a event.Activity) {
		if err == nil {
			err = out.activity(ctx, &a, mark)
		}
	})
	s.counts.verdicts[verdict].Add(1)
	if verdict == Late || verdict == Outdated {
		out.add(&kgo.Record{Topic: s.cfg.Late, Key: record.Key, Value: record.Value, Headers: record.Headers})
	}
	return err
}

// read decodes and checks a record. An error that is not the registry's is the
// record's, for good.
func (s *Stage) read(ctx context.Context, record *kgo.Record) (*event.Telemetry, error) {
	t := new(event.Telemetry)
	if err := s.telemetry.Decode(ctx, record.Value, t); err != nil {
		return nil, err
	}
	if err := t.Check(); err != nil {
		return nil, kafka.Permanent("invalid-reading", err)
	}
	if string(record.Key) != t.Cab {
		return nil, kafka.Permanent("wrong-key", fmt.Errorf("key %q is not the cab %q: its readings are on another partition", record.Key, t.Cab))
	}
	return t, nil
}
