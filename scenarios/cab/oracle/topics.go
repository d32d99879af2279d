package oracle

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// topics is what the run left in Kafka. It reads with a client of its own and
// decodes by the schemas alone, so that a mistake in the pipeline's reading
// cannot hide.
type topics struct {
	brokers           scenario.Brokers
	run               string
	poison            map[string]bool // places
	start             time.Time       // of the run: what tells no run and came before is another's
	activity, metrics avro.Schema
}

func newTopics(env scenario.Env) (*topics, error) {
	brokers, err := env.Kafka(scenario.Auditor)
	if err != nil {
		return nil, err
	}
	o := &topics{brokers: brokers, run: env.RunID, poison: map[string]bool{}, start: env.Start}
	for _, p := range env.Poison {
		o.poison[placeOf(p.Topic, p.Partition, p.Offset)] = true
	}
	for schema, text := range map[*avro.Schema]string{&o.activity: event.ActivitySchema(), &o.metrics: event.MetricsSchema()} {
		if *schema, err = avro.ParseWithCache(text, "", &avro.SchemaCache{}); err != nil {
			return nil, fmt.Errorf("schema: %w", err)
		}
	}
	return o, nil
}

const avroHeader = 5 // magic and schema id

func decode(schema avro.Schema, value []byte, into any) error {
	if len(value) < avroHeader {
		return fmt.Errorf("a value of %d bytes", len(value))
	}
	return avro.Unmarshal(schema, value[avroHeader:], into)
}

// runOf is the run of a record of cab-metrics, which is its first field.
func runOf(value []byte) (string, error) {
	if len(value) < avroHeader {
		return "", fmt.Errorf("a value of %d bytes", len(value))
	}
	n, used := binary.Varint(value[avroHeader:])
	from := avroHeader + used
	if used <= 0 || n < 0 || n > int64(len(value)-from) {
		return "", errors.New("no text where the run id stands")
	}
	return string(value[from : from+int(n)]), nil
}

// Activity implements Observed.
func (o *topics) Activity(ctx context.Context) iter.Seq2[event.Activity, error] {
	return func(yield func(event.Activity, error) bool) {
		for record, err := range o.records(ctx, event.ActivityTopic) {
			var a event.Activity
			if err == nil && (record.Value == nil || o.planted(record)) {
				continue // a mark, or for the dead letters
			}
			if err == nil {
				_, a.RunID, err = event.Identify(record.Value)
			}
			if o.before(record, err) {
				continue
			}
			if err == nil && a.RunID == o.run { // another's may be in an older schema
				err = decode(o.activity, record.Value, &a)
			}
			if (err != nil || a.RunID == o.run) && !yield(a, err) {
				return
			}
		}
	}
}

// Measured implements Observed.
func (o *topics) Measured(ctx context.Context) iter.Seq2[event.Metrics, error] {
	return func(yield func(event.Metrics, error) bool) {
		for record, err := range o.records(ctx, event.MetricsTopic) {
			var m event.Metrics
			if err == nil && o.planted(record) {
				continue
			}
			if err == nil {
				m.RunID, err = runOf(record.Value)
			}
			if o.before(record, err) {
				continue
			}
			if err == nil && m.RunID == o.run {
				err = decode(o.metrics, record.Value, &m)
			}
			if (err != nil || m.RunID == o.run) && !yield(m, err) {
				return
			}
		}
	}
}

// Late implements Observed.
func (o *topics) Late(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for record, err := range o.records(ctx, event.LateTopic) {
			var id, run string
			if err == nil {
				id, run, err = event.Identify(record.Value)
			}
			if o.before(record, err) {
				continue
			}
			if (err != nil || run == o.run) && !yield(id, err) {
				return
			}
		}
	}
}

// before tells a record that nobody can read and that was there before the run
// began, which is no fault of the run.
func (o *topics) before(record *kgo.Record, err error) bool {
	return err != nil && record != nil && record.Timestamp.Before(o.start)
}

// fetchBytesMax is what one broker sends at once: records take several times as
// much memory as on the wire, and topics of millions of them are read.
const fetchBytesMax = 512 << 10

// records are the committed records of a topic, from its beginning to its end of now.
func (o *topics) records(ctx context.Context, topic string) iter.Seq2[*kgo.Record, error] {
	return func(yield func(*kgo.Record, error) bool) {
		client, err := kgo.NewClient(append(o.options(), kgo.ConsumeTopics(topic), kgo.KeepControlRecords(),
			kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
			kgo.FetchMaxBytes(fetchBytesMax), kgo.FetchMaxPartitionBytes(fetchBytesMax))...)
		if err != nil {
			yield(nil, err)
			return
		}
		defer client.Close()
		left, err := endsOf(ctx, client, topic)
		if err != nil {
			yield(nil, fmt.Errorf("topic %s: %w", topic, err))
			return
		}
		for record, err := range drain(ctx, client, left) {
			if !yield(record, err) {
				return
			}
		}
	}
}

// drain yields what is before the offsets left, by partition. An error ends it.
func drain(ctx context.Context, client *kgo.Client, left map[int32]int64) iter.Seq2[*kgo.Record, error] {
	return func(yield func(*kgo.Record, error) bool) {
		for len(left) > 0 {
			fetches := client.PollFetches(ctx)
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			if failed := fetches.Errors(); len(failed) > 0 { // the client tries again what may pass
				yield(nil, fmt.Errorf("fetch topic %s partition %d: %w", failed[0].Topic, failed[0].Partition, failed[0].Err))
				return
			}
			for record := range fetches.RecordsAll() {
				end, ok := left[record.Partition]
				if ok && record.Offset+1 >= end {
					delete(left, record.Partition)
				}
				if ok && record.Offset < end && !record.Attrs.IsControl() && !yield(record, nil) {
					return
				}
			}
		}
	}
}

// endsOf are the partitions that hold anything, with the offset after it.
func endsOf(ctx context.Context, client *kgo.Client, topic string) (map[int32]int64, error) {
	admin := kadm.NewClient(client)
	starts, err := admin.ListStartOffsets(ctx, topic)
	if err = errors.Join(err, starts.Error()); err != nil {
		return nil, err
	}
	listed, err := admin.ListCommittedOffsets(ctx, topic)
	if err = errors.Join(err, listed.Error()); err != nil {
		return nil, err
	}
	left := map[int32]int64{}
	listed.Each(func(end kadm.ListedOffset) {
		if start, ok := starts.Lookup(topic, end.Partition); ok && end.Offset > start.Offset {
			left[end.Partition] = end.Offset
		}
	})
	return left, nil
}

func (o *topics) options() []kgo.Opt {
	opts := []kgo.Opt{kgo.SeedBrokers(o.brokers.Seeds...), kgo.ClientID(o.brokers.ClientID), kgo.DisableClientMetrics()}
	if o.brokers.User != "" {
		opts = append(opts, kgo.SASL(scram.Auth{User: o.brokers.User, Pass: o.brokers.Password}.AsSha512Mechanism()))
	}
	if o.brokers.TLS != nil {
		opts = append(opts, kgo.DialTLSConfig(o.brokers.TLS))
	}
	return opts
}
