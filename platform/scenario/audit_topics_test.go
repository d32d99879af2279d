package scenario

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/ledger"
)

// TestTopicsAuditCountsWhatIsCommitted puts events in committed, aborted and
// open transactions on two topics, before and while the audit reads.
func TestTopicsAuditCountsWhatIsCommitted(t *testing.T) {
	t.Parallel()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, "a", "b"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	l := ledger.New()
	for seq := range uint32(40) {
		l.Sent(ledger.ID{Device: 1, Seq: seq})
	}
	put := func(end kgo.TransactionEndTry, from, to uint32) {
		client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.TransactionalID(fmt.Sprint(from)))
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		if err := client.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		for seq := from; seq < to; seq++ {
			value := fmt.Appendf(nil, `{"id":"%v","run_id":"r"}`, ledger.ID{Device: 1, Seq: seq})
			topic := []string{"a", "b"}[seq%2]
			if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: topic, Key: []byte{byte(seq)}, Value: value}).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
		if err := client.EndTransaction(t.Context(), end); err != nil {
			t.Fatal(err)
		}
	}
	put(kgo.TryCommit, 0, 10)
	put(kgo.TryAbort, 10, 20)
	env := Env{
		RunID: "r", Wall: clock.Wall{}, Log: slog.New(slog.DiscardHandler),
		Kafka: func(string) (Brokers, error) { return Brokers{Seeds: cluster.ListenAddrs(), ClientID: "audit"}, nil },
	}
	hop := Hop{From: ledger.Device, To: "end", Store: Topics{"a", "b"}, Identify: func(data []byte) (id, run string, err error) {
		var e struct {
			ID  string `json:"id"`
			Run string `json:"run_id"`
		}
		err = json.Unmarshal(data, &e)
		return e.ID, e.Run, err
	}}
	a := newAuditor(env, []Hop{hop}, time.Now().Add(-time.Minute), l)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	arrived := func(want int64) {
		t.Helper()
		since, deadline := time.Now(), time.NewTimer(time.Minute)
		defer deadline.Stop()
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			if _, ok := a.caughtUp(since); ok {
				break
			}
			select {
			case <-tick.C:
			case <-deadline.C:
				t.Fatal("the audit does not reach the tail")
			}
		}
		if got := l.Reconcile(ledger.Device, "end"); int64(got.Received) != want || got.Duplicates != 0 {
			t.Errorf("got %+v, want %d received", got, want)
		}
	}
	arrived(10)
	select {
	case <-l.FirstOutcome():
	default:
		t.Error("an event at the last hop is no first outcome")
	}
	put(kgo.TryCommit, 20, 30)
	put(kgo.TryAbort, 30, 40)
	arrived(20)
}

// TestTopicsAuditMissesNothingThatComesWhileItBegins writes between the audit's
// two questions where to begin.
func TestTopicsAuditMissesNothingThatComesWhileItBegins(t *testing.T) {
	t.Parallel()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "a"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	dial := func() *kgo.Client {
		client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(client.Close)
		return client
	}
	writer := dial()
	asked := false
	cluster.ControlKey(int16(kmsg.ListOffsets), func(r kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		after := r.(*kmsg.ListOffsetsRequest).Topics[0].Partitions[0].Timestamp >= 0
		if asked && !after { // there was nothing after since: now for the end
			asked = false
			cluster.SleepControl(func() {
				if err := writer.ProduceSync(t.Context(), &kgo.Record{Topic: "a", Value: []byte("between")}).FirstErr(); err != nil {
					t.Error(err)
				}
			})
		}
		asked = asked || after
		return nil, nil, false
	})
	a := &topicsAudit{topics: Topics{"a"}, since: time.Now().Add(-time.Minute)}
	starts, err := a.starts(t.Context(), kadm.NewClient(dial()))
	if err != nil {
		t.Fatal(err)
	}
	if at, _ := starts.Lookup("a", 0); at.Offset != 0 {
		t.Errorf("begins at %d, after what came meanwhile", at.Offset)
	}
}

// TestTopicsAuditBeginsWhenItCan has the first answers refuse what no client asks
// again for by itself.
func TestTopicsAuditBeginsWhenItCan(t *testing.T) {
	t.Parallel()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "a"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	refused := 0
	cluster.ControlKey(int16(kmsg.ListOffsets), func(r kmsg.Request) (kmsg.Response, error, bool) {
		if refused++; refused > 2 {
			return nil, nil, false
		}
		cluster.KeepControl()
		answer := r.ResponseKind().(*kmsg.ListOffsetsResponse)
		topic := kmsg.NewListOffsetsResponseTopic()
		topic.Topic = "a"
		partition := kmsg.NewListOffsetsResponseTopicPartition()
		partition.ErrorCode = kerr.UnknownServerError.Code
		topic.Partitions = append(topic.Partitions, partition)
		answer.Topics = append(answer.Topics, topic)
		return answer, nil, true
	})
	a := &topicsAudit{topics: Topics{"a"}, since: time.Now().Add(-time.Minute), wall: clock.Wall{}, log: slog.New(slog.DiscardHandler)}
	if starts, err := a.begin(t.Context(), kadm.NewClient(client)); err != nil || len(starts["a"]) != 1 || refused < 2 {
		t.Errorf("%v, %v after %d refusals", starts, err, refused)
	}
}
