package conformance

import (
	"context"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// transactions show nothing until they are committed, and nothing at all if
// they are not; what comes after an open one waits for it.
func (s *suite) transactions(t *testing.T) {
	topic := s.topic(t, 1, nil)
	writer := s.dial(t, kgo.TransactionalID(name("id")))
	committed := s.dial(t, kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	begin(t, writer)
	send(t, writer, record(topic, "k", "open"))
	send(t, s.dial(t), record(topic, "k", "behind"))
	quiet(t, committed)
	finish(t, writer, kgo.TryCommit)
	if got := valuesOf(read(t, committed, 2)); !slices.Equal(got, []string{"open", "behind"}) {
		t.Errorf("committed: %v", got)
	}
	begin(t, writer)
	send(t, writer, record(topic, "k", "aborted"))
	finish(t, writer, kgo.TryAbort)
	quiet(t, committed)
	everything := s.dial(t, kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadUncommitted()))
	if got := valuesOf(read(t, everything, 3)); !slices.Contains(got, "aborted") {
		t.Errorf("read uncommitted: %v", got)
	}
}

// fencing: the second producer with an id ends the first one's transaction.
func (s *suite) fencing(t *testing.T) {
	topic, id := s.topic(t, 1, nil), name("id")
	first, second := s.dial(t, kgo.TransactionalID(id)), s.dial(t, kgo.TransactionalID(id))
	begin(t, first)
	send(t, first, record(topic, "k", "fenced"))
	begin(t, second)
	send(t, second, record(topic, "k", "second"))
	finish(t, second, kgo.TryCommit)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	err := first.ProduceSync(ctx, record(topic, "k", "too late")).FirstErr()
	if err == nil {
		err = first.EndTransaction(ctx, kgo.TryCommit)
	}
	if !isAny(err, kerr.ProducerFenced, kerr.InvalidProducerEpoch, kerr.InvalidTxnState) {
		t.Errorf("the first producer goes on: %v", err)
	}
	if got := valuesOf(read(t, s.dial(t, kgo.ConsumeTopics(topic), kgo.FetchIsolationLevel(kgo.ReadCommitted())), 1)); !slices.Equal(got, []string{"second"}) {
		t.Errorf("committed: %v", got)
	}
}

// transform: offsets are committed with the records, or neither is.
func (s *suite) transform(t *testing.T) {
	from, to, group := s.topic(t, 1, nil), s.topic(t, 1, nil), name("group")
	send(t, s.dial(t), record(from, "k", "in"))
	session, err := kgo.NewGroupTransactSession(append([]kgo.Opt{
		kgo.SeedBrokers(s.Seeds...), kgo.TransactionalID(name("id")), kgo.ConsumerGroup(group),
		kgo.ConsumeTopics(from), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
	}, s.Options...)...)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	read(t, session.Client(), 1)
	committedAt := func() int64 {
		offsets, err := kadm.NewClient(s.dial(t)).FetchOffsets(t.Context(), group)
		if err != nil {
			t.Fatal(err)
		}
		at, found := offsets.Lookup(from, 0)
		if !found {
			return -1
		}
		return at.At
	}
	if err := session.Begin(); err != nil {
		t.Fatal(err)
	}
	send(t, session.Client(), record(to, "k", "aborted"))
	if committed, err := session.End(t.Context(), kgo.TryAbort); committed || err != nil {
		t.Fatal(committed, err)
	}
	if at := committedAt(); at > 0 {
		t.Errorf("the group is at %d after an aborted transaction", at)
	}
	read(t, session.Client(), 1) // again
	if err := session.Begin(); err != nil {
		t.Fatal(err)
	}
	send(t, session.Client(), record(to, "k", "out"))
	if committed, err := session.End(t.Context(), kgo.TryCommit); !committed || err != nil {
		t.Fatal(committed, err)
	}
	if at := committedAt(); at != 1 {
		t.Errorf("the group is at %d, want 1", at)
	}
	if got := valuesOf(read(t, s.dial(t, kgo.ConsumeTopics(to), kgo.FetchIsolationLevel(kgo.ReadCommitted())), 1)); !slices.Equal(got, []string{"out"}) {
		t.Errorf("out: %v", got)
	}
}

func begin(t *testing.T, client *kgo.Client) {
	t.Helper()
	if err := client.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
}

func finish(t *testing.T, client *kgo.Client, how kgo.TransactionEndTry) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := client.EndTransaction(ctx, how); err != nil {
		t.Fatal(err)
	}
}
