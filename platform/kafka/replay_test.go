package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"github.com/weirstream/weir/platform/kafka"
)

// letters puts n dead letters of topic in on one partition of its dead letters,
// numbered from first on, as they come from partition 2 of it: in a transaction,
// whose marker takes an offset.
func letters(t tb, cluster kafka.Cluster, partition int32, first, n int) {
	t.Helper()
	client, err := kgo.NewClient(append(cluster.Options(), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.TransactionalID("letters"))...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := client.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	var all []*kgo.Record
	for i := first; i < first+n; i++ {
		origin := &kgo.Record{
			Topic: "in", Partition: 2, Offset: int64(i), Key: fmt.Appendf(nil, "key-%d", i), Value: fmt.Append(nil, i),
			Headers: []kgo.RecordHeader{{Key: "own", Value: []byte{0xff}}},
		}
		letter := kafka.NewDeadLetter(origin, errOops, 1, time.Now())
		letter.Partition = partition
		all = append(all, letter)
	}
	if err := errors.Join(client.ProduceSync(t.Context(), all...).FirstErr(), client.EndTransaction(t.Context(), kgo.TryCommit)); err != nil {
		t.Fatal(err)
	}
}

func planned(t tb, cluster kafka.Cluster, s kafka.ReplaySelection) *kafka.ReplayPlan {
	t.Helper()
	plan, err := kafka.PlanReplay(t.Context(), cluster, "in", s)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func replay(t tb, cluster kafka.Cluster, s kafka.ReplaySelection, want int) {
	t.Helper()
	if n, err := planned(t, cluster, s).Run(t.Context()); n != want || err != nil {
		t.Fatalf("%d replayed, want %d: %v", n, want, err)
	}
}

func value(text string) func(kafka.DeadLetter) bool {
	return func(d kafka.DeadLetter) bool { return string(d.Record.Value) == text }
}

func TestReplayPutsBackWhatWasThereOnceAndMarksIt(t *testing.T) {
	t.Parallel()
	_, cluster := brokers(t, []string{"in", "in.dlq"})
	letters(t, cluster, 0, 0, 10)
	plan := planned(t, cluster, kafka.ReplaySelection{Which: value("7")})
	if plan.Letters != 1 || plan.To["in"] != 1 || len(drain(t, cluster, "in")) != 0 {
		t.Fatalf("%+v", plan)
	}
	replay(t, cluster, kafka.ReplaySelection{Which: value("7")}, 1)
	got := drain(t, cluster, "in")
	if len(got) != 1 || string(got[0].Key) != "key-7" || string(got[0].Value) != "7" || got[0].Partition != 2 {
		t.Fatalf("%+v", got)
	}
	headers := map[string]string{}
	for _, h := range got[0].Headers {
		headers[h.Key] = string(h.Value)
	}
	if len(headers) != 4 || headers["own"] != "\xff" || headers[kafka.HeaderAttempt] != "1" || headers[kafka.HeaderFirstSeen] == "" ||
		headers[kafka.HeaderReplayOf] != "in.dlq/0/7" {
		t.Fatalf("%q", headers)
	}
	// What failed again tells how often it was tried and what it was.
	second := kafka.ReadDeadLetter(kafka.NewDeadLetter(got[0], errOops, 1, time.Now().Add(time.Hour)))
	if second.Attempt != 2 || second.FirstSeen.After(time.Now()) {
		t.Fatalf("%+v", second)
	}
	replay(t, cluster, kafka.ReplaySelection{Which: value("7")}, 0)
	if plan := planned(t, cluster, kafka.ReplaySelection{}); plan.Letters != 9 || plan.Replayed != 1 {
		t.Fatalf("%+v", plan)
	}
	replay(t, cluster, kafka.ReplaySelection{Max: 4}, 4)
	replay(t, cluster, kafka.ReplaySelection{}, 5)
	replay(t, cluster, kafka.ReplaySelection{}, 0)
	replay(t, cluster, kafka.ReplaySelection{Which: value("3"), Again: true}, 1)
	if n := len(drain(t, cluster, "in")); n != 11 {
		t.Fatalf("%d records, want 10 and one again", n)
	}
	if n := len(drain(t, cluster, "in.dlq")); n != 10 {
		t.Fatalf("%d letters are left of 10", n)
	}
}

func TestReplayLeavesOutWhatHasNowhereToGo(t *testing.T) {
	t.Parallel()
	_, cluster := brokers(t, []string{"in", "in.dlq"})
	letters(t, cluster, 0, 0, 1)
	client, err := kgo.NewClient(cluster.Options()...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	from := func(topic string) *kgo.Record {
		return &kgo.Record{Topic: "in.dlq", Headers: []kgo.RecordHeader{{Key: kafka.HeaderOriginTopic, Value: []byte(topic)}}}
	}
	foreign := &kgo.Record{Topic: "in.dlq", Value: []byte("foreign")}
	if err := client.ProduceSync(t.Context(), foreign, from("gone"), from("in.dlq")).FirstErr(); err != nil {
		t.Fatal(err)
	}
	for range 2 { // they stay, and are not taken for replayed
		plan := planned(t, cluster, kafka.ReplaySelection{})
		if len(plan.Left) != 3 || plan.Left[`topic "gone", where it came from, does not exist`] != 1 {
			t.Fatalf("%+v", plan)
		}
		if n, err := plan.Run(t.Context()); n != plan.Letters || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
	}
	if n := len(drain(t, cluster, "in")); n != 1 {
		t.Fatalf("%d records", n)
	}
	if _, err := kafka.PlanReplay(t.Context(), cluster, "other", kafka.ReplaySelection{}); !errors.Is(err, kafka.ErrNoTopic) {
		t.Fatal(err)
	}
}

// TestReplayCutOffGoesOnBehindWhatIsThere cuts replays off at every kind of
// request, and at last every letter was put back once.
func TestReplayCutOffGoesOnBehindWhatIsThere(t *testing.T) {
	t.Parallel()
	faulty, cluster := brokers(t, []string{"in", "in.dlq"})
	const n = 4000 // eight transactions
	letters(t, cluster, 0, 0, n)
	for _, key := range []kmsg.Key{kmsg.Produce, kmsg.AddOffsetsToTxn, kmsg.TxnOffsetCommit, kmsg.EndTxn} {
		ctx, cancel := context.WithCancel(t.Context())
		var calls atomic.Int64
		faulty.ControlKey(int16(key), func(kmsg.Request) (kmsg.Response, error, bool) {
			if calls.Add(1) == 2 {
				cancel()
			}
			faulty.KeepControl()
			return nil, nil, false
		})
		_, err := planned(t, cluster, kafka.ReplaySelection{}).Run(ctx)
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", key.Name(), err)
		}
	}
	if _, err := planned(t, cluster, kafka.ReplaySelection{}).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, r := range drain(t, cluster, "in") {
		seen[string(r.Value)]++
	}
	for i := range n {
		if seen[fmt.Sprint(i)] != 1 {
			t.Errorf("letter %d was put back %d times", i, seen[fmt.Sprint(i)])
		}
	}
}

func TestRefusedRecordPutsNothingBackAndNamesTheLetter(t *testing.T) {
	t.Parallel()
	faulty, cluster := brokers(t, []string{"in", "in.dlq"})
	letters(t, cluster, 0, 0, 3)
	refuse := func(kreq kmsg.Request) (kmsg.Response, error, bool) {
		req := kreq.(*kmsg.ProduceRequest)
		resp := req.ResponseKind().(*kmsg.ProduceResponse)
		for _, topic := range req.Topics {
			answer := kmsg.NewProduceResponseTopic()
			answer.Topic, answer.TopicID = topic.Topic, topic.TopicID
			for _, p := range topic.Partitions {
				partition := kmsg.NewProduceResponseTopicPartition()
				partition.Partition, partition.ErrorCode = p.Partition, kerr.MessageTooLarge.Code
				answer.Partitions = append(answer.Partitions, partition)
			}
			resp.Topics = append(resp.Topics, answer)
		}
		return resp, nil, true
	}
	faulty.ControlKey(int16(kmsg.Produce), refuse)
	n, err := planned(t, cluster, kafka.ReplaySelection{}).Run(t.Context())
	if e, ok := errors.AsType[*kafka.ProduceError](err); n != 0 || !ok || e.Topic != "in" || !errors.Is(err, kerr.MessageTooLarge) {
		t.Fatalf("%d, %v", n, err)
	}
	replay(t, cluster, kafka.ReplaySelection{}, 3)
}

func TestSecondReplayTakesOver(t *testing.T) {
	t.Parallel()
	faulty, cluster := brokers(t, []string{"in", "in.dlq"})
	letters(t, cluster, 0, 0, 3)
	first := planned(t, cluster, kafka.ReplaySelection{})
	second := planned(t, cluster, kafka.ReplaySelection{})
	var n int
	var err error
	var began atomic.Bool
	faulty.ControlKey(int16(kmsg.TxnOffsetCommit), func(kmsg.Request) (kmsg.Response, error, bool) {
		if !began.Swap(true) {
			faulty.SleepControl(func() { n, err = second.Run(t.Context()) })
		}
		return nil, nil, false
	})
	if n, err := first.Run(t.Context()); n != 0 || !errors.Is(err, kafka.ErrFenced) {
		t.Errorf("first: %d, %v", n, err)
	}
	if n != 3 || err != nil {
		t.Errorf("second: %d, %v", n, err)
	}
	if n := len(drain(t, cluster, "in")); n != 3 {
		t.Errorf("%d records", n)
	}
}

func TestPlanOfBeforeAnotherReplayDoesNothing(t *testing.T) {
	t.Parallel()
	_, cluster := brokers(t, []string{"in", "in.dlq"})
	letters(t, cluster, 0, 0, 3)
	old := planned(t, cluster, kafka.ReplaySelection{})
	letters(t, cluster, 0, 3, 3)
	replay(t, cluster, kafka.ReplaySelection{}, 6)
	if n, err := old.Run(t.Context()); n != 0 || !errors.Is(err, kafka.ErrPlanOutdated) {
		t.Fatalf("%d, %v", n, err)
	}
}

func TestMoreHolesThanCanBeRememberedAreRefusedBeforeAnything(t *testing.T) {
	t.Parallel()
	_, cluster := brokers(t, []string{"in", "in.dlq"})
	letters(t, cluster, 0, 0, 3000)
	odd := func(d kafka.DeadLetter) bool { return d.Record.Offset%2 == 1 }
	if _, err := kafka.PlanReplay(t.Context(), cluster, "in", kafka.ReplaySelection{Which: odd}); err == nil || !strings.Contains(err.Error(), "replay earlier ones") {
		t.Fatal(err)
	}
	replay(t, cluster, kafka.ReplaySelection{Which: odd, Max: 700}, 700)
	replay(t, cluster, kafka.ReplaySelection{}, 2300)
}

// TestAnyReplaysInAnyOrderPutEachLetterBackOnce is the same on several partitions.
func TestAnyReplaysInAnyOrderPutEachLetterBackOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, "in", "in.dlq"))
		if err != nil {
			rt.Fatal(err)
		}
		defer c.Close()
		cluster := kafka.Cluster{Seeds: c.ListenAddrs()}
		count := 0
		put := map[string]bool{}
		for range rapid.IntRange(1, 6).Draw(rt, "steps") {
			n := rapid.IntRange(0, 5).Draw(rt, "letters")
			letters(rt, cluster, rapid.Int32Range(0, 2).Draw(rt, "partition"), count, n)
			count += n
			odd := rapid.SliceOfDistinct(rapid.IntRange(0, 30), func(i int) int { return i }).Draw(rt, "chosen")
			want := 0
			chosen := map[string]bool{}
			for _, i := range odd {
				text := fmt.Sprint(i)
				if chosen[text] = true; i < count && !put[text] {
					want++
					put[text] = true
				}
			}
			replay(rt, cluster, kafka.ReplaySelection{Which: func(d kafka.DeadLetter) bool { return chosen[string(d.Record.Value)] }}, want)
		}
		seen := map[string]int{}
		for _, r := range drain(rt, cluster, "in") {
			seen[string(r.Value)]++
		}
		for i := range count {
			text := fmt.Sprint(i)
			if (seen[text] == 1) != put[text] || seen[text] > 1 {
				rt.Fatalf("letter %d: %d times, want %v", i, seen[text], put[text])
			}
		}
	})
}
