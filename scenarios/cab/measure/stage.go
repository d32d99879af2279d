package measure

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/platform/kafka/avro"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// Config sets up a Stage.
type Config struct {
	Cluster  kafka.Cluster
	Registry *avro.Registry
	Member   kafka.Member
	Input    string // of activities; what cannot be read goes to its dead letters
	Output   string // of windows' metrics
	State    string // compacted, with as many partitions as Input
	Wall     clock.Clock
	Log      *slog.Logger
}

// stateInterval is how often state is saved while no window ends. What a window
// came to does not wait for it.
const stateInterval = 250 * time.Millisecond

// Stage is one instance of the stage; any number of them share the partitions.
type Stage struct {
	*kafka.Transformer
	cfg      Config
	activity *avro.Decoder[event.Activity]
	metrics  *avro.Encoder[event.Metrics]
	standing standing
}

// New checks cfg and starts nothing.
func New(cfg Config) (*Stage, error) {
	if _, err := NewPartition(); err != nil {
		return nil, fmt.Errorf("measure: %w", err)
	}
	s := &Stage{cfg: cfg}
	var err error
	if s.activity, err = avro.NewDecoder[event.Activity](cfg.Registry, event.ActivitySchema()); err != nil {
		return nil, fmt.Errorf("measure: %w", err)
	}
	if s.metrics, err = avro.NewEncoder[event.Metrics](cfg.Registry, cfg.Output, event.MetricsSchema()); err != nil {
		return nil, fmt.Errorf("measure: %w", err)
	}
	s.Transformer, err = kafka.NewTransformer(cfg.Cluster, kafka.TransformerConfig{
		Member: cfg.Member, Topic: cfg.Input, StateTopic: cfg.State, Clock: cfg.Wall, Logger: cfg.Log,
		CommitInterval: stateInterval, CommitOutputs: true,
	}, func(int32) *Partition {
		p, _ := NewPartition() // New has shown that it can be made
		return p
	}, s.handle)
	if err != nil {
		return nil, fmt.Errorf("measure: %w", err)
	}
	return s, nil
}

// handle measures a batch of one partition.
func (s *Stage) handle(ctx context.Context, b kafka.Batch, p *Partition) (out []*kgo.Record, err error) {
	var room event.Activity // nobody keeps one
	before := p.Misplaced()
	defer func() { s.standing.note(b.Partition, p, before) }()
	for _, record := range b.Records {
		a, mark, bad := s.read(ctx, record, &room)
		switch {
		case avro.RegistryFailed(bad):
			return nil, bad // not the record's fault
		case bad != nil:
			s.standing.dead.Add(1)
			out = append(out, kafka.NewDeadLetter(record, bad, 1, s.cfg.Wall.Now()))
			continue
		}
		taken := p.Take(a, mark, func(m event.Metrics) {
			s.standing.results.Add(1)
			value, encodeErr := s.metrics.Append(ctx, nil, &m)
			if err = errors.Join(err, encodeErr); err == nil {
				out = append(out, &kgo.Record{Topic: s.cfg.Output, Key: []byte(m.Zone), Value: value})
			}
		})
		if err = errors.Join(err, taken); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// read decodes a record: its activity, nil if it is only a mark, and its mark.
func (s *Stage) read(ctx context.Context, record *kgo.Record, a *event.Activity) (*event.Activity, event.Mark, error) {
	mark, err := markOf(record)
	if err != nil {
		return nil, mark, kafka.Permanent("bad-mark", err)
	}
	if record.Value == nil || s.counted(record) {
		return nil, mark, nil
	}
	*a = event.Activity{}
	if err := s.activity.Decode(ctx, record.Value, a); err != nil {
		return nil, mark, err
	}
	if a.RunID != mark.Run {
		return nil, mark, kafka.Permanent("bad-mark", fmt.Errorf("its run is %q, the activity's %q", mark.Run, a.RunID))
	}
	return a, mark, nil
}

// counted tells a record that was put back on the topic as another group's dead
// letter: it lay there before and was counted then.
func (s *Stage) counted(record *kgo.Record) bool {
	for _, h := range record.Headers {
		if h.Key == kafka.HeaderReplayOf {
			letters, _, _ := strings.Cut(string(h.Value), "/")
			return letters != kafka.DeadLetterTopic(s.cfg.Input)
		}
	}
	return false
}

func markOf(record *kgo.Record) (event.Mark, error) {
	for _, h := range record.Headers {
		if h.Key == event.MarkHeader {
			return event.ParseMark(h.Value)
		}
	}
	return event.Mark{}, errors.New("header " + event.MarkHeader + " is missing")
}
