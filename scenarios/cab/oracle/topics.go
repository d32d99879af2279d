package oracle

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/hamba/avro/v2"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/weirstream/weir/platform/scenario"
	"github.com/weirstream/weir/scenarios/cab/event"
)

// Observe finds what the run left in Kafka. It reads with a client of its own and
// decodes by the schemas alone, so that a mistake in the pipeline's reading cannot
// hide. Documents are folded from the topics that they are made of, as long as
// there is no index to be searched.
//
// Before that it waits until all activities are measured.
func Observe(ctx context.Context, env scenario.Env) (Observed, error) {
	brokers, err := env.Kafka(scenario.Auditor)
	if err != nil {
		return nil, err
	}
	o := &topics{brokers: brokers, run: env.RunID}
	for schema, text := range map[*avro.Schema]string{&o.activity: event.ActivitySchema(), &o.metrics: event.MetricsSchema()} {
		if *schema, err = avro.ParseWithCache(text, "", &avro.SchemaCache{}); err != nil {
			return nil, fmt.Errorf("schema: %w", err)
		}
	}
	return o, o.measured(ctx, env)
}

// measured waits until measure has committed all that cab-activity holds.
func (o *topics) measured(ctx context.Context, env scenario.Env) error {
	last := map[int32]int64{} // offset of the last record; a marker that ends a transaction follows
	for record, err := range o.records(ctx, event.ActivityTopic) {
		if err != nil {
			return fmt.Errorf("topic %s: %w", event.ActivityTopic, err)
		}
		last[record.Partition] = record.Offset
	}
	client, err := kgo.NewClient(o.options()...)
	if err != nil {
		return fmt.Errorf("kafka client: %w", err)
	}
	defer client.Close()
	for admin := kadm.NewClient(client); ; {
		done, err := admin.FetchOffsets(ctx, event.MeasureGroup)
		if err = errors.Join(err, done.Error()); err != nil {
			return fmt.Errorf("offsets of %s: %w", event.MeasureGroup, err)
		}
		behind := false
		for partition, offset := range last {
			committed, ok := done.Lookup(event.ActivityTopic, partition)
			behind = behind || !ok || committed.At <= offset
		}
		if !behind {
			return nil
		}
		if err := env.Wall.Sleep(ctx, 50*time.Millisecond); err != nil {
			return fmt.Errorf("%s is still behind: %w", event.MeasureGroup, err)
		}
	}
}

type topics struct {
	brokers           scenario.Brokers
	run               string
	activity, metrics avro.Schema
}

const avroHeader = 5 // magic and schema id

func decode(schema avro.Schema, value []byte, into any) error {
	if len(value) < avroHeader {
		return fmt.Errorf("a value of %d bytes", len(value))
	}
	return avro.Unmarshal(schema, value[avroHeader:], into)
}

// Activity implements Observed.
func (o *topics) Activity(ctx context.Context) iter.Seq2[event.Activity, error] {
	return func(yield func(event.Activity, error) bool) {
		for record, err := range o.records(ctx, event.ActivityTopic) {
			var a event.Activity
			if err == nil && record.Value == nil {
				continue // a mark
			}
			if err == nil {
				err = decode(o.activity, record.Value, &a)
			}
			if (err != nil || a.RunID == o.run) && !yield(a, err) {
				return
			}
		}
	}
}

// Windows implements Observed.
func (o *topics) Windows(ctx context.Context) iter.Seq2[event.Metrics, error] {
	return func(yield func(event.Metrics, error) bool) {
		for record, err := range o.records(ctx, event.MetricsTopic) {
			var m event.Metrics
			if err == nil {
				err = decode(o.metrics, record.Value, &m)
			}
			if (err != nil || m.RunID == o.run) && !yield(m, err) {
				return
			}
		}
	}
}

// Incidents implements Observed.
func (o *topics) Incidents(ctx context.Context) iter.Seq2[event.Incident, error] {
	return fold(o.Activity(ctx), incidentsOf,
		func(i *event.Incident) string { return i.ID }, func(i *event.Incident) int64 { return i.ClosedSeq })
}

// Cabs implements Observed.
func (o *topics) Cabs(ctx context.Context) iter.Seq2[event.Cab, error] {
	return fold(o.Activity(ctx), stateOf,
		func(c *event.Cab) string { return c.Cab }, func(c *event.Cab) int64 { return c.Seq })
}

// incidentsOf are an activity's incidents as they are after it.
func incidentsOf(a *event.Activity) []event.Incident {
	var all []event.Incident
	for _, h := range a.Health {
		i := event.Incident{
			ID: event.IncidentID(a.Cab, h.Kind, h.OpenedSeq), RunID: a.RunID, Cab: a.Cab, Kind: h.Kind,
			OpenedSeq: h.OpenedSeq, OpenedAt: h.OpenedAt, Closed: h.Change == event.Closed,
		}
		if i.Closed {
			i.ClosedSeq, i.ClosedAt = a.Seq, a.EventTime
		}
		all = append(all, i)
	}
	return all
}

// stateOf is a cab's state as of an activity.
func stateOf(a *event.Activity) []event.Cab {
	return []event.Cab{{
		RunID: a.RunID, Cab: a.Cab, Seq: a.Seq, EventTime: a.EventTime, Zone: a.Zone, Lat: a.Lat, Lon: a.Lon,
		SpeedKmh: a.SpeedKmh, Hired: a.Hired, Schema: a.Schema, Open: a.Open,
	}}
}

// fold keeps of each id the document with the highest version.
func fold[D any](all iter.Seq2[event.Activity, error], documents func(*event.Activity) []D, id func(*D) string, version func(*D) int64) iter.Seq2[D, error] {
	return func(yield func(D, error) bool) {
		kept := map[string]D{}
		for a, err := range all {
			if err != nil {
				var none D
				yield(none, err)
				return
			}
			for _, d := range documents(&a) {
				if old, ok := kept[id(&d)]; !ok || version(&d) > version(&old) {
					kept[id(&d)] = d
				}
			}
		}
		for _, d := range kept {
			if !yield(d, nil) {
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
			if (err != nil || run == o.run) && !yield(id, err) {
				return
			}
		}
	}
}

// DeadLetters implements Observed. What cannot be read tells no run, so
// all that came since the run began counts.
func (o *topics) DeadLetters(ctx context.Context) iter.Seq2[DeadLetter, error] {
	return func(yield func(DeadLetter, error) bool) {
		for _, topic := range []string{event.DeadTopic, event.ActivityDeadTopic} {
			for record, err := range o.records(ctx, topic) {
				var d DeadLetter
				if err == nil {
					d.Name = topic + "/" + strconv.Itoa(int(record.Partition)) + "/" + strconv.FormatInt(record.Offset, 10)
					for _, h := range record.Headers {
						if h.Key == "dlq-reason" {
							d.Reason = string(h.Value)
						}
					}
				}
				if !yield(d, err) {
					return
				}
			}
		}
	}
}

// Poison implements Observed: so far nobody plants any.
func (o *topics) Poison(context.Context) iter.Seq2[string, error] {
	return func(func(string, error) bool) {}
}

// records are the committed records of a topic, from its beginning to its end of now.
func (o *topics) records(ctx context.Context, topic string) iter.Seq2[*kgo.Record, error] {
	return func(yield func(*kgo.Record, error) bool) {
		client, err := kgo.NewClient(append(o.options(), kgo.ConsumeTopics(topic), kgo.KeepControlRecords(),
			kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))...)
		if err != nil {
			yield(nil, err)
			return
		}
		defer client.Close()
		left, err := ends(ctx, client, topic)
		if err != nil {
			yield(nil, fmt.Errorf("topic %s: %w", topic, err))
			return
		}
		for len(left) > 0 {
			fetches := client.PollFetches(ctx)
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			for record := range fetches.RecordsAll() {
				if end, ok := left[record.Partition]; ok && record.Offset+1 >= end {
					delete(left, record.Partition)
				}
				if !record.Attrs.IsControl() && !yield(record, nil) {
					return
				}
			}
		}
	}
}

// ends are the partitions that hold anything, with the offset after it.
func ends(ctx context.Context, client *kgo.Client, topic string) (map[int32]int64, error) {
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
