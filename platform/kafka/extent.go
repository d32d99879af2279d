package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// ErrNoTopic says that a topic does not exist.
var ErrNoTopic = errors.New("no such topic")

// Extent is how far one partition reaches.
type Extent struct {
	Partition int32
	First     int64 // the oldest offset that is kept
	Stable    int64 // behind the last record before any open transaction
	End       int64 // behind the last record
}

// Extents are those of a topic's partitions, in order.
func Extents(ctx context.Context, client *kgo.Client, topic string) ([]Extent, error) {
	admin := kadm.NewClient(client)
	firsts, err := admin.ListStartOffsets(ctx, topic)
	err = errors.Join(err, firsts.Error())
	if errors.Is(err, kerr.UnknownTopicOrPartition) {
		return nil, fmt.Errorf("topic %s: %w", topic, ErrNoTopic)
	}
	if err != nil {
		return nil, fmt.Errorf("list starts of topic %s: %w", topic, err)
	}
	stables, err := admin.ListCommittedOffsets(ctx, topic)
	if err := errors.Join(err, stables.Error()); err != nil {
		return nil, fmt.Errorf("list committed ends of topic %s: %w", topic, err)
	}
	ends, err := admin.ListEndOffsets(ctx, topic)
	if err := errors.Join(err, ends.Error()); err != nil {
		return nil, fmt.Errorf("list ends of topic %s: %w", topic, err)
	}
	all := make([]Extent, 0, len(ends[topic]))
	for p, end := range ends[topic] {
		all = append(all, Extent{p, firsts[topic][p].Offset, stables[topic][p].Offset, end.Offset})
	}
	slices.SortFunc(all, func(a, b Extent) int { return int(a.Partition - b.Partition) })
	return all, nil
}

// Span is a piece of one partition: the offsets in [From, To).
type Span struct {
	Topic       string
	Partition   int32
	From, To    int64
	Uncommitted bool // give records of open and aborted transactions, too
}

// ReadSpan gives the records of a span in order, and ends when it has looked at
// all of its offsets, of which some may hold no record. Committed records
// beyond an open transaction are waited for: see Extent.Stable.
func ReadSpan(ctx context.Context, client *kgo.Client, s Span, each func(*kgo.Record) error) error {
	reader := newLogReader(client, s.Topic, s.Partition)
	reader.uncommitted = s.Uncommitted
	return reader.read(ctx, s.From, s.To, each)
}
