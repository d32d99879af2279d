package scenario

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/weirstream/weir/platform/chaos"
	"github.com/weirstream/weir/platform/clock"
)

// TestGroupsAreLateUntilTheyCommit has one group do its work and another not,
// beside a transaction that is aborted, which is nobody's work.
func TestGroupsAreLateUntilTheyCommit(t *testing.T) {
	t.Parallel()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "in", "other"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	env := Env{Wall: clock.Wall{}, Log: slog.New(slog.DiscardHandler), Kafka: func(string) (Brokers, error) {
		return Brokers{Seeds: cluster.ListenAddrs(), ClientID: "audit"}, nil
	}}
	if none, err := newGroupWatch(env, []chaos.Target{{Name: "g", Kind: chaos.Group}, {Name: "in", Kind: chaos.Topic}}); none != nil || err != nil {
		t.Fatalf("groups of which nothing is known: %v, %v", none, err)
	}
	w, err := newGroupWatch(env, []chaos.Target{
		{Name: "quick", Kind: chaos.Group, Reads: []string{"in"}},
		{Name: "slow", Kind: chaos.Group, Reads: []string{"in", "other"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.TransactionalID("t"), kgo.DefaultProduceTopic("in"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	admin := kadm.NewClient(client)
	transact := func(end kgo.TransactionEndTry) {
		t.Helper()
		if err := client.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := client.ProduceSync(ctx, kgo.StringRecord("x")).FirstErr(); err != nil {
			t.Fatal(err)
		}
		if err := client.EndTransaction(ctx, end); err != nil {
			t.Fatal(err)
		}
	}
	commit := func(group string, next int64) {
		t.Helper()
		offsets := kadm.Offsets{}
		offsets.AddOffset("in", 0, next, -1)
		if err := admin.CommitAllOffsets(ctx, group, offsets); err != nil {
			t.Fatal(err)
		}
	}
	until := func(what string, ok func() bool) {
		t.Helper()
		for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s: %q", what, w.owed())
			}
		}
	}
	// The watch begins with records of now: until its reader is there none count.
	offset := int64(0)
	until("the reader begins", func() bool { transact(kgo.TryCommit); offset += 2; return w.owed() != "" })
	commit("quick", offset-1)
	commit("slow", offset-1)
	until("both are done", func() bool { return w.owed() == "" })
	transact(kgo.TryAbort)
	transact(kgo.TryCommit)
	transact(kgo.TryAbort)
	commit("quick", offset+3) // after the one that counts
	until("only slow is behind", func() bool { return strings.HasSuffix(w.owed(), ": slow") })
	if w.overdue(time.Now(), time.Minute) {
		t.Error("overdue at once")
	}
	if !w.overdue(time.Now().Add(2*time.Minute), time.Minute) {
		t.Error("never overdue")
	}
	commit("slow", offset+3)
	until("slow is done", func() bool { return w.owed() == "" })
}

// TestWhatTheGroupWatchCannotReadIsSaid forbids it to read a topic.
func TestWhatTheGroupWatchCannotReadIsSaid(t *testing.T) {
	t.Parallel()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "in"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Err: kerr.TopicAuthorizationFailed, Count: -1})
	said, out := io.Pipe()
	env := Env{Wall: clock.Wall{}, Log: slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug})), Kafka: func(string) (Brokers, error) {
		return Brokers{Seeds: cluster.ListenAddrs(), ClientID: "audit"}, nil
	}}
	w, err := newGroupWatch(env, []chaos.Target{{Name: "g", Kind: chaos.Group, Reads: []string{"in"}}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	done := make(chan error, 1)
	go func() {
		done <- w.Run(ctx)
		out.Close()
	}()
	lines := bufio.NewScanner(said)
	found := false
	for lines.Scan() {
		if found = strings.Contains(lines.Text(), `topic=in partition=0 error="TOPIC_AUTHORIZATION_FAILED`); found {
			break
		}
	}
	said.Close() // nobody waits for the others to be read
	cancel()
	if err := <-done; err != nil || !found {
		t.Errorf("said %t, %v", found, err)
	}
}
