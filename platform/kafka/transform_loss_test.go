package kafka_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/weirstream/weir/platform/kafka"
)

// TestPartitionWithoutLeaderHoldsUpNoOther has one whose offsets cannot be listed,
// and has a committed one, beside others that were never committed.
func TestPartitionWithoutLeaderHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	const away = 5
	faulty, cluster := brokers(t, []string{"in", "out", "state"})
	client, err := kgo.NewClient(append(cluster.Options(), kgo.RecordPartitioner(kgo.ManualPartitioner()))...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	put := func(partition int32) {
		if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: "in", Partition: partition, Value: []byte("0")}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	put(away)
	first := newTransformer(t, cluster, transformerConfig("g"), number)
	stop := running(t, first.Run)
	within(t, 10*time.Second, "its record", func() bool { return first.Stats().Records == 1 })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	faulty.ControlKey(int16(kmsg.ListOffsets), func(in kmsg.Request) (kmsg.Response, error, bool) {
		faulty.KeepControl()
		req := in.(*kmsg.ListOffsetsRequest)
		if len(req.Topics) != 1 || req.Topics[0].Topic != "in" || !slices.ContainsFunc(req.Topics[0].Partitions, func(p kmsg.ListOffsetsRequestTopicPartition) bool { return p.Partition == away }) {
			return nil, nil, false
		}
		resp := req.ResponseKind().(*kmsg.ListOffsetsResponse)
		topic := kmsg.NewListOffsetsResponseTopic()
		topic.Topic = "in"
		for _, p := range req.Topics[0].Partitions {
			partition := kmsg.NewListOffsetsResponseTopicPartition()
			if partition.Partition, partition.Offset = p.Partition, 0; p.Partition == away {
				partition.Offset, partition.ErrorCode = -1, kerr.OffsetNotAvailable.Code
			}
			topic.Partitions = append(topic.Partitions, partition)
		}
		resp.Topics = append(resp.Topics, topic)
		return resp, nil, true
	})
	second := newTransformer(t, cluster, transformerConfig("g"), number)
	running(t, second.Run)
	put(0)
	within(t, 10*time.Second, "a record of another", func() bool { return second.Stats().Records == 1 })
}

// TestLostRecordsEndTheRun has the brokers say, again and again, that the input ends
// before what was committed, as after an unclean election.
func TestLostRecordsEndTheRun(t *testing.T) {
	t.Parallel()
	const left = 10 // of each partition
	faulty, cluster := brokers(t, []string{"in", "out", "state"})
	feed(t, cluster, 0, 1000)
	first := newTransformer(t, cluster, transformerConfig("g"), number)
	stop := running(t, first.Run)
	within(t, 10*time.Second, "the first records", func() bool { return first.Stats().Records == 1000 })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	faulty.ControlKey(int16(kmsg.OffsetForLeaderEpoch), func(in kmsg.Request) (kmsg.Response, error, bool) {
		faulty.KeepControl()
		req := in.(*kmsg.OffsetForLeaderEpochRequest)
		resp := req.ResponseKind().(*kmsg.OffsetForLeaderEpochResponse)
		for _, asked := range req.Topics {
			topic := kmsg.NewOffsetForLeaderEpochResponseTopic()
			topic.Topic = asked.Topic
			for _, p := range asked.Partitions {
				end := kmsg.NewOffsetForLeaderEpochResponseTopicPartition()
				end.Partition, end.LeaderEpoch, end.EndOffset = p.Partition, p.LeaderEpoch, left
				topic.Partitions = append(topic.Partitions, end)
			}
			resp.Topics = append(resp.Topics, topic)
		}
		return resp, nil, true
	})
	feed(t, cluster, 1000, 100)
	second := newTransformer(t, cluster, transformerConfig("g"), number)
	limited, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := second.Run(limited); err == nil || !strings.Contains(err.Error(), "lost records of partition") || !strings.Contains(err.Error(), "--group g --topic in:") {
		t.Fatalf("ended with %v after %d restarts", err, second.Stats().Restarts)
	}
	if n := second.Stats().Records; n > 0 {
		t.Errorf("%d records done", n)
	}
}

// TestTransactionEndsThoughItsMembershipDoes has a coordinator forget the member
// while a transaction is open. The client tells of the loss only once the
// transaction has ended, and waits at its end for a heartbeat that never comes.
func TestTransactionEndsThoughItsMembershipDoes(t *testing.T) {
	t.Parallel()
	faulty, cluster := brokers(t, []string{"in", "out", "state"})
	cfg := transformerConfig("g")
	cfg.CommitInterval = 2 * time.Second // long enough to be forgotten within
	var handled atomic.Int64
	tr := newTransformer(t, cluster, cfg, func(ctx context.Context, b kafka.Batch, c *counting) ([]*kgo.Record, error) {
		handled.Add(int64(len(b.Records)))
		return number(ctx, b, c)
	})
	running(t, tr.Run)
	feed(t, cluster, 0, 1) // commits at once
	within(t, 10*time.Second, "the first record", func() bool { return tr.Stats().Records == 1 })
	feed(t, cluster, 1, 100)
	within(t, 10*time.Second, "an open transaction", func() bool { return handled.Load() == 101 })
	var forgotten atomic.Bool
	faulty.ControlKey(int16(kmsg.Heartbeat), func(req kmsg.Request) (kmsg.Response, error, bool) {
		forgotten.Store(true)
		resp := req.ResponseKind().(*kmsg.HeartbeatResponse)
		resp.ErrorCode = kerr.UnknownMemberID.Code
		return resp, nil, true
	})
	within(t, 30*time.Second, "the rest", func() bool { return tr.Stats().Records >= 101 })
	if !forgotten.Load() {
		t.Fatal("the member was never forgotten")
	}
	if err := exactlyOnce(drain(t, cluster, "out"), 101); err != nil {
		t.Fatal(err)
	}
}
