package app

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/kafka"
	"github.com/weirstream/weir/platform/kafka/avro"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// backMax is how far back a start reads: further than what is kept reaches even
// at the speed of the wall clock.
const backMax = 2 * time.Hour

// readBytesMax bounds what is fetched at once.
const readBytesMax = 1 << 20

// read follows the metrics and the dead letters until ctx ends. The client tries
// again by itself what may pass.
func (a *App) read(ctx context.Context) error {
	metrics, err := avro.NewDecoder[event.Metrics](a.cfg.Registry, event.MetricsSchema())
	if err != nil {
		return fmt.Errorf("app: %w", err)
	}
	from := kgo.NewOffset().AfterMilli(a.env.Wall.Now().Add(-backMax).UnixMilli())
	client, err := kgo.NewClient(append(a.cfg.Cluster.Options(),
		kgo.ConsumeTopics(append(deadTopics(), event.MetricsTopic)...), kgo.ConsumeResetOffset(from), kgo.ConsumeStartOffset(from),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.FetchMaxBytes(readBytesMax), kgo.FetchMaxPartitionBytes(readBytesMax), kgo.FetchMaxWait(time.Second))...)
	if err != nil {
		return fmt.Errorf("app: kafka client: %w", err)
	}
	defer client.Close()
	for {
		fetches := client.PollRecords(ctx, 10_000)
		if ctx.Err() != nil {
			return nil
		}
		fetches.EachError(func(topic string, partition int32, err error) {
			a.log.Debug("the page cannot read, trying again", "topic", topic, "partition", partition, "error", err)
		})
		fetches.EachRecord(func(r *kgo.Record) { a.take(ctx, r, metrics) })
		if len(fetches.Errors()) > 0 {
			_ = a.env.Wall.Sleep(ctx, 100*time.Millisecond)
		}
	}
}

// deadTopics are those whose letters are shown.
func deadTopics() []string {
	return []string{event.DeadTopic, event.ActivityDeadTopic, event.IndexDeadTopic}
}

// take keeps one record.
func (a *App) take(ctx context.Context, r *kgo.Record, metrics *avro.Decoder[event.Metrics]) {
	if r.Topic != event.MetricsTopic {
		a.store.letter(newLetter(kafka.ReadDeadLetter(r)))
		return
	}
	var m event.Metrics
	for {
		err := metrics.Decode(ctx, r.Value, &m)
		if err == nil {
			break
		}
		if !avro.RegistryFailed(err) {
			a.log.Debug("a record of metrics cannot be read", "partition", r.Partition, "offset", r.Offset, "error", err)
			return
		}
		if a.env.Wall.Sleep(ctx, 500*time.Millisecond) != nil {
			return
		}
	}
	if a.store.window(m, r.Timestamp) {
		a.viewers.renew() // another run: what they know is of no use
	}
}
