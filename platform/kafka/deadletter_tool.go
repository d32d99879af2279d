package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Place is where a record lies in its topic.
type Place struct {
	Partition int32
	Offset    int64
}

// ErrNoDeadLetter says that no record lies at a place.
var ErrNoDeadLetter = errors.New("no dead letter there")

var errEnough = errors.New("enough")

// ListDeadLetters gives the dead letters of a topic, partition by partition,
// up to what is committed now, until each returns false. topic may be the one
// that failed or its dead letters'.
func ListDeadLetters(ctx context.Context, cluster Cluster, topic string, each func(DeadLetter) bool) error {
	client, err := cluster.client()
	if err != nil {
		return err
	}
	defer client.Close()
	topic = deadLettersOf(topic)
	extents, err := Extents(ctx, client, topic)
	if err != nil {
		return err
	}
	err = ReadDeadLetters(ctx, client, topic, extents, func(d DeadLetter) error {
		if !each(d) {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// ReadDeadLetters gives the committed letters in the extents, in order, until each
// returns an error, which it returns.
func ReadDeadLetters(ctx context.Context, client *kgo.Client, topic string, extents []Extent, each func(DeadLetter) error) error {
	for _, e := range extents {
		err := newLogReader(client, topic, e.Partition).read(ctx, e.First, e.Stable, func(r *kgo.Record) error {
			return each(ReadDeadLetter(r))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// ShowDeadLetter reads one.
func ShowDeadLetter(ctx context.Context, cluster Cluster, topic string, at Place) (DeadLetter, error) {
	client, err := cluster.client()
	if err != nil {
		return DeadLetter{}, err
	}
	defer client.Close()
	topic = deadLettersOf(topic)
	extents, err := Extents(ctx, client, topic)
	if err != nil {
		return DeadLetter{}, err
	}
	err = ErrNoDeadLetter
	var found *kgo.Record
	for _, e := range extents {
		if e.Partition == at.Partition && at.Offset >= e.First && at.Offset < e.Stable {
			err = newLogReader(client, topic, at.Partition).read(ctx, at.Offset, at.Offset+1, func(r *kgo.Record) error {
				found = r
				return nil
			})
		}
	}
	if err == nil && found == nil {
		err = ErrNoDeadLetter // a transaction's marker, say
	}
	if err != nil {
		return DeadLetter{}, fmt.Errorf("show dead letter of topic %s partition %d offset %d: %w", topic, at.Partition, at.Offset, err)
	}
	return ReadDeadLetter(found), nil
}

func deadLettersOf(topic string) string {
	if strings.HasSuffix(topic, DeadLetterSuffix) {
		return topic
	}
	return DeadLetterTopic(topic)
}
