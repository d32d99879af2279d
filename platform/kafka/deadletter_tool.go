package kafka

import (
	"context"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Place is where a record lies in its topic.
type Place struct {
	Partition int32
	Offset    int64
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

// deadLettersOf is the topic of dead letters, whether topic is that one or the
// one whose records failed.
func deadLettersOf(topic string) string {
	if strings.HasSuffix(topic, DeadLetterSuffix) {
		return topic
	}
	return DeadLetterTopic(topic)
}
