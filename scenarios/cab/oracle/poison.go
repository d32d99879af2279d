package oracle

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/scenarios/cab/event"
)

// planted tells poison from what cannot be read for another reason.
func (o *topics) planted(record *kgo.Record) bool {
	return o.poison[placeOf(record.Topic, record.Partition, record.Offset)]
}

// DeadLetters implements Observed. What cannot be read tells no run, so
// all that came since the run began counts.
func (o *topics) DeadLetters(ctx context.Context) iter.Seq2[DeadLetter, error] {
	return func(yield func(DeadLetter, error) bool) {
		for _, topic := range []string{event.DeadTopic, event.ActivityDeadTopic, event.IndexDeadTopic} {
			for record, err := range o.records(ctx, topic) {
				var d DeadLetter
				if err == nil {
					if record.Timestamp.Before(o.start) {
						continue
					}
					d = deadLetter(record)
				}
				if !yield(d, err) {
					return
				}
			}
		}
	}
}

// Poison implements Observed. Every group that reads a topic has a topic for what
// it cannot decode there.
func (o *topics) Poison(context.Context) iter.Seq2[string, error] {
	letters := map[string][]string{
		event.TelemetryTopic: {event.DeadTopic},
		event.ActivityTopic:  {event.ActivityDeadTopic, event.IndexDeadTopic},
		event.MetricsTopic:   {event.IndexDeadTopic},
	}
	return func(yield func(string, error) bool) {
		for place := range o.poison {
			topic, _, _ := strings.Cut(place, "/")
			for _, dead := range letters[topic] {
				if !yield(place+" in "+dead, nil) {
					return
				}
			}
		}
	}
}

// deadLetter names a dead letter by the place that it tells it is from, else by
// its own, and by the topic that it lies in.
func deadLetter(record *kgo.Record) DeadLetter {
	header := func(key string) (text string) {
		for _, h := range record.Headers {
			if h.Key == key {
				text = string(h.Value)
			}
		}
		return text
	}
	d := DeadLetter{Name: placeOf(record.Topic, record.Partition, record.Offset), Reason: header("dlq-reason")}
	if from := header("dlq-origin-topic"); from != "" {
		d.Name = from + "/" + header("dlq-origin-partition") + "/" + header("dlq-origin-offset")
	}
	d.Name += " in " + record.Topic
	return d
}

// placeOf names a record by where it lies.
func placeOf(topic string, partition int32, offset int64) string {
	return fmt.Sprintf("%s/%d/%d", topic, partition, offset)
}
