package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/weirstream/weir/platform/clock"
)

// ReadAll reads what the topic holds at the time of the call, committed records
// only, in order within each partition. Where a transaction is open it waits
// for its end. It keeps all records in memory: it is for tools and tests.
func ReadAll(ctx context.Context, cluster Cluster, topic string) ([]*kgo.Record, error) {
	var all []*kgo.Record
	err := readTopic(ctx, cluster, topic, func(r *kgo.Record) error {
		all = append(all, r)
		return nil
	})
	return all, err
}

// readTopic gives each committed record of the topic, partition by partition,
// up to what was its end at the time of the call.
func readTopic(ctx context.Context, cluster Cluster, topic string, each func(*kgo.Record) error) error {
	client, err := cluster.client()
	if err != nil {
		return err
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	defer admin.Close()
	ends, err := admin.ListEndOffsets(ctx, topic)
	if err := errors.Join(err, ends.Error()); err != nil {
		return fmt.Errorf("list ends of topic %s: %w", topic, err)
	}
	partitions := make([]int32, 0, len(ends[topic]))
	for p := range ends[topic] {
		partitions = append(partitions, p)
	}
	slices.Sort(partitions)
	for _, p := range partitions {
		if err := newLogReader(client, topic, p).read(ctx, 0, ends[topic][p].Offset, each); err != nil {
			return err
		}
	}
	return nil
}

// logReader reads one partition with fetches of its own, because only the raw
// answer tells how far it reaches: the last offsets before an end may be
// markers, aborted or compacted away, and a consumer never shows those.
type logReader struct {
	client    *kgo.Client
	topic     string
	partition int32
	clock     clock.Clock

	uncommitted bool          // read what is in open and aborted transactions, too
	patience    time.Duration // with an error that may pass

	leader  int32
	topicID [16]byte
}

// readPatience is longer than a broker's restart takes.
const readPatience = 30 * time.Second

func newLogReader(client *kgo.Client, topic string, partition int32) *logReader {
	return &logReader{client: client, topic: topic, partition: partition, clock: clock.Wall{}, leader: -1, patience: readPatience}
}

// state reads the partition's committed records up to the high watermark found
// now, also where that is beyond an open transaction, and returns the last
// value of every living key, in the order of the writes.
func (l *logReader) state(ctx context.Context) ([]*kgo.Record, error) {
	admin := kadm.NewClient(l.client)
	ends, err := admin.ListEndOffsets(ctx, l.topic)
	if err != nil {
		return nil, fmt.Errorf("list end of state topic %s: %w", l.topic, err)
	}
	const whole = -1 // the partition under which the topic's own error is listed
	if topic, ok := ends.Lookup(l.topic, whole); ok && !errors.Is(topic.Err, kerr.UnknownTopicOrPartition) {
		return nil, fmt.Errorf("list end of state topic %s: %w", l.topic, topic.Err)
	}
	end, ok := ends.Lookup(l.topic, l.partition)
	if !ok {
		return nil, fmt.Errorf("%w: topic %s has no partition %d: it must exist and have as many as the input topic", errNoState, l.topic, l.partition)
	}
	if end.Err != nil {
		return nil, fmt.Errorf("list end of state topic %s partition %d: %w", l.topic, l.partition, end.Err)
	}
	living := map[string]*kgo.Record{}
	err = l.read(ctx, 0, end.Offset, func(r *kgo.Record) error {
		if r.Value == nil {
			delete(living, string(r.Key))
		} else {
			living[string(r.Key)] = r
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	records := make([]*kgo.Record, 0, len(living))
	for _, r := range living {
		records = append(records, r)
	}
	slices.SortFunc(records, func(a, b *kgo.Record) int { return int(a.Offset - b.Offset) })
	return records, nil
}

// read gives each record in [from, to), unless uncommitted only committed ones.
func (l *logReader) read(ctx context.Context, from, to int64, each func(*kgo.Record) error) error {
	heard := l.clock.Now()
	for at := from; at < to; {
		batch, next, err := l.fetch(ctx, at)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, kerr.OffsetOutOfRange):
			next, err = l.start(ctx)
			if err == nil && next <= at {
				err = kerr.OffsetOutOfRange // the log ends before to: it lost records
			}
			if err != nil {
				return fmt.Errorf("read topic %s partition %d at offset %d: %w", l.topic, l.partition, at, err)
			}
		case err != nil && (!passing(err) || l.clock.Now().Sub(heard) > l.patience):
			return fmt.Errorf("read topic %s partition %d at offset %d: %w", l.topic, l.partition, at, err)
		case err != nil:
			l.leader = -1
			if err := l.clock.Sleep(ctx, 50*time.Millisecond); err != nil {
				return err
			}
			continue
		}
		for _, r := range batch {
			if r.Offset >= to {
				break
			}
			if err := each(r); err != nil {
				return err
			}
		}
		at, heard = next, l.clock.Now()
	}
	return nil
}

// passing is true for what a new leader or a new connection cures.
func passing(err error) bool {
	if e, ok := errors.AsType[*kerr.Error](err); ok {
		return e.Retriable
	}
	return true
}

func (l *logReader) start(ctx context.Context) (int64, error) {
	starts, err := kadm.NewClient(l.client).ListStartOffsets(ctx, l.topic)
	if err != nil {
		return 0, err
	}
	start, ok := starts.Lookup(l.topic, l.partition)
	if !ok {
		return 0, kerr.UnknownTopicOrPartition
	}
	return start.Offset, start.Err
}

// fetch asks the leader once. It returns the records from at on and the offset
// after the last that was looked at.
func (l *logReader) fetch(ctx context.Context, at int64) ([]*kgo.Record, int64, error) {
	if err := l.find(ctx); err != nil {
		return nil, at, err
	}
	req := kmsg.NewPtrFetchRequest()
	req.MaxWaitMillis, req.MinBytes, req.MaxBytes = 200, 1, 8<<20
	isolation := kgo.ReadCommitted()
	req.IsolationLevel = 1
	if l.uncommitted {
		isolation, req.IsolationLevel = kgo.ReadUncommitted(), 0
	}
	req.SessionEpoch = -1
	topic := kmsg.NewFetchRequestTopic()
	topic.Topic, topic.TopicID = l.topic, l.topicID
	partition := kmsg.NewFetchRequestTopicPartition()
	partition.Partition, partition.FetchOffset, partition.PartitionMaxBytes = l.partition, at, 8<<20
	topic.Partitions = append(topic.Partitions, partition)
	req.Topics = append(req.Topics, topic)
	answer, err := l.client.Broker(int(l.leader)).RetriableRequest(ctx, req)
	if err != nil {
		return nil, at, err
	}
	resp := answer.(*kmsg.FetchResponse)
	if err := kerr.ErrorForCode(resp.ErrorCode); err != nil {
		return nil, at, err
	}
	if len(resp.Topics) != 1 || len(resp.Topics[0].Partitions) != 1 {
		return nil, at, nil
	}
	got, next := kgo.ProcessFetchPartition(kgo.ProcessFetchPartitionOpts{
		Offset: at, IsolationLevel: isolation, Topic: l.topic, Partition: l.partition,
	}, &resp.Topics[0].Partitions[0], kgo.DefaultDecompressor(), nil)
	return got.Records, next, got.Err
}

func (l *logReader) find(ctx context.Context) error {
	if l.leader >= 0 {
		return nil
	}
	topics, err := kadm.NewClient(l.client).ListTopics(ctx, l.topic)
	if err != nil {
		return err
	}
	detail := topics[l.topic]
	if detail.Err != nil {
		return detail.Err
	}
	partition, ok := detail.Partitions[l.partition]
	if !ok {
		return kerr.UnknownTopicOrPartition
	}
	if partition.Err != nil {
		return partition.Err
	}
	l.leader, l.topicID = partition.Leader, detail.ID
	if l.leader < 0 {
		return kerr.LeaderNotAvailable
	}
	return nil
}
