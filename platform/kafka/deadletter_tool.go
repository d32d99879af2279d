package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
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
// up to what is there now, until each returns false. topic may be the one that
// failed or its dead letters'.
func ListDeadLetters(ctx context.Context, cluster Cluster, topic string, each func(DeadLetter) bool) error {
	err := readTopic(ctx, cluster, deadLettersOf(topic), func(r *kgo.Record) error {
		if !each(ReadDeadLetter(r)) {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}

// ShowDeadLetter reads one.
func ShowDeadLetter(ctx context.Context, cluster Cluster, topic string, at Place) (DeadLetter, error) {
	client, err := cluster.client()
	if err != nil {
		return DeadLetter{}, err
	}
	defer client.Close()
	var found *kgo.Record
	topic = deadLettersOf(topic)
	ends, err := kadm.NewClient(client).ListEndOffsets(ctx, topic)
	if err != nil {
		return DeadLetter{}, fmt.Errorf("list ends of topic %s: %w", topic, err)
	}
	if end, ok := ends.Lookup(topic, at.Partition); !ok || end.Err != nil || at.Offset < 0 || at.Offset >= end.Offset {
		return DeadLetter{}, fmt.Errorf("topic %s partition %d offset %d: %w", topic, at.Partition, at.Offset, ErrNoDeadLetter)
	}
	err = newLogReader(client, topic, at.Partition).read(ctx, at.Offset, at.Offset+1, func(r *kgo.Record) error {
		found = r
		return nil
	})
	if err == nil && found == nil {
		err = ErrNoDeadLetter
	}
	if err != nil {
		return DeadLetter{}, fmt.Errorf("show dead letter of topic %s partition %d offset %d: %w", topic, at.Partition, at.Offset, err)
	}
	return ReadDeadLetter(found), nil
}

// ReplayDeadLetters puts those that which selects back on the topics that they
// came from, and returns how many were acknowledged. They stay among the dead
// letters; a replay that is cut off and repeated repeats its records. They keep
// their key, so they go to their key's partition, behind what came since; the
// count of attempts and the first time go on if they fail again.
func ReplayDeadLetters(ctx context.Context, cluster Cluster, topic string, which func(DeadLetter) bool) (int, error) {
	client, err := cluster.client(append(ProducerConfig{}.options(), kgo.ProducerLinger(0))...)
	if err != nil {
		return 0, err
	}
	defer client.Close()
	replayed := 0
	err = readTopic(ctx, cluster, deadLettersOf(topic), func(r *kgo.Record) error {
		d := ReadDeadLetter(r)
		if !which(d) {
			return nil
		}
		if d.OriginTopic == "" {
			return fmt.Errorf("record at partition %d offset %d does not say where it came from: header %s is missing", r.Partition, r.Offset, HeaderOriginTopic)
		}
		again := &kgo.Record{Topic: d.OriginTopic, Key: r.Key, Value: r.Value, Headers: replayHeaders(r.Headers)}
		if err := client.ProduceSync(ctx, again).FirstErr(); err != nil {
			return produceError(again, err)
		}
		replayed++
		return nil
	})
	if err != nil {
		return replayed, fmt.Errorf("replay dead letters of topic %s: %w", topic, err)
	}
	return replayed, nil
}

// replayHeaders leaves what was the record's own, and what a second failure
// goes on counting from.
func replayHeaders(headers []kgo.RecordHeader) []kgo.RecordHeader {
	var kept []kgo.RecordHeader
	for _, h := range headers {
		if !strings.HasPrefix(h.Key, "dlq-") || h.Key == HeaderAttempt || h.Key == HeaderFirstSeen {
			kept = append(kept, h)
		}
	}
	return kept
}

func deadLettersOf(topic string) string {
	if strings.HasSuffix(topic, DeadLetterSuffix) {
		return topic
	}
	return DeadLetterTopic(topic)
}
