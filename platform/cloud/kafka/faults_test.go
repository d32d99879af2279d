package kafka

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/clock"
)

// once produces a record without trying again.
func once(t *testing.T, client *kgo.Client, topic string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	return client.ProduceSync(ctx, &kgo.Record{Topic: topic, Value: []byte("v")}).FirstErr()
}

// impatient gives a record up at the first error, without sequence numbers.
func impatient(t *testing.T, seeds []string) *kgo.Client {
	return dial(t, seeds, kgo.DisableIdempotentWrite(), kgo.RecordRetries(0), kgo.UnknownTopicRetries(0))
}

func end(t *testing.T, seeds []string, topic string) (records int64) {
	t.Helper()
	offsets, err := kadm.NewClient(dial(t, seeds)).ListEndOffsets(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	offsets.Each(func(o kadm.ListedOffset) { records += o.Offset })
	return records
}

func TestNotEnoughReplicasKeepsNothing(t *testing.T) {
	t.Parallel()
	s, seeds, _ := run(t, Config{})
	client := impatient(t, seeds)
	makeTopic(t, client, "hit", 1, nil)
	makeTopic(t, client, "spared", 1, nil)
	active, err := s.Faults().NotEnoughReplicas(Partitions{Topic: "hit"}, Span{Count: 2})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []error{kerr.NotEnoughReplicas, kerr.NotEnoughReplicas, nil} {
		if err := once(t, client, "spared"); err != nil {
			t.Errorf("the other topic: %v", err)
		}
		if err := once(t, client, "hit"); !errors.Is(err, want) {
			t.Errorf("write %d: %v, want %v", i, err, want)
		}
	}
	if n := end(t, seeds, "hit"); n != 1 || active.Hits() != 2 {
		t.Errorf("%d records, %d hits", n, active.Hits())
	}
	if leader := dial(t, seeds, kgo.DisableIdempotentWrite(), kgo.RequiredAcks(kgo.LeaderAck())); leader != nil {
		active, err := s.Faults().NotEnoughReplicas(Partitions{}, Span{})
		if err != nil {
			t.Fatal(err)
		}
		if err := once(t, leader, "hit"); err != nil {
			t.Errorf("acks=1: %v", err)
		}
		active.Undo()
		active.Undo()
		if err := once(t, client, "hit"); err != nil {
			t.Errorf("after undo: %v", err)
		}
	}
}

func TestATimeOutAfterTheWriteIsWritten(t *testing.T) {
	t.Parallel()
	s, seeds, _ := run(t, Config{})
	client := impatient(t, seeds)
	makeTopic(t, client, "t", 1, nil)
	if _, err := s.Faults().TimeOutAfterWrite(Partitions{Topic: "t", IDs: []int32{0}}, Span{Count: 1}); err != nil {
		t.Fatal(err)
	}
	if err := once(t, client, "t"); !errors.Is(err, kgo.ErrRecordRetries) {
		t.Errorf("answer: %v", err)
	}
	if n := end(t, seeds, "t"); n != 1 {
		t.Errorf("%d records, want the one", n)
	}
	// The idempotent producer tries again, and it is still there once.
	if _, err := s.Faults().TimeOutAfterWrite(Partitions{}, Span{Count: 1}); err != nil {
		t.Fatal(err)
	}
	if err := once(t, dial(t, seeds), "t"); err != nil {
		t.Errorf("idempotent: %v", err)
	}
	if n := end(t, seeds, "t"); n != 2 {
		t.Errorf("%d records, want two", n)
	}
}

// setClock is the wall clock, put forward by what a test says.
type setClock struct {
	clock.Wall
	ahead atomic.Int64
}

func (c *setClock) Now() time.Time { return c.Wall.Now().Add(time.Duration(c.ahead.Load())) }

func TestASpanEndsByTheClock(t *testing.T) {
	t.Parallel()
	wall := &setClock{}
	s, seeds, _ := run(t, Config{Wall: wall})
	client := impatient(t, seeds)
	makeTopic(t, client, "t", 1, nil)
	active, err := s.Faults().NotEnoughReplicas(Partitions{}, Span{For: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if err := once(t, client, "t"); !errors.Is(err, kerr.NotEnoughReplicas) || active.Hits() != 1 {
		t.Errorf("while it lasts: %v, %d hits", err, active.Hits())
	}
	wall.ahead.Store(int64(time.Hour))
	if err := once(t, client, "t"); err != nil || active.Hits() != 1 {
		t.Errorf("when it is over: %v, %d hits", err, active.Hits())
	}
}

func TestLeadersMoveAndClientsFollow(t *testing.T) {
	t.Parallel()
	s, seeds, _ := run(t, Config{})
	client := dial(t, seeds)
	makeTopic(t, client, "t", 3, nil)
	produce(t, client, "t", 0, 6)
	leaders := func() (list []int32) {
		for p := range int32(3) {
			list = append(list, s.cluster.LeaderFor("t", p))
		}
		return list
	}
	before := leaders()
	if _, err := s.Faults().MoveLeaders(Partitions{Topic: "t", IDs: []int32{0, 2}}, Span{}); err != nil {
		t.Fatal(err)
	}
	after := leaders()
	if after[0] == before[0] || after[1] != before[1] || after[2] == before[2] {
		t.Errorf("leaders %v became %v", before, after)
	}
	active, err := s.Faults().MoveLeaders(Partitions{Topic: "t"}, Span{Count: 3})
	if err != nil {
		t.Fatal(err)
	}
	produce(t, client, "t", 6, 12)
	if got := collect(t, dial(t, seeds, kgo.ConsumeTopics("t")), 12); len(slices.Compact(slices.Sorted(slices.Values(got)))) != 12 || active.Hits() != 3 {
		t.Errorf("read %v after %d hits", got, active.Hits())
	}
	if _, err := s.Faults().MoveLeaders(Partitions{Topic: "none"}, Span{}); !errors.Is(err, ErrNothing) {
		t.Errorf("no such topic: %v", err)
	}
	if _, err := s.Faults().MoveLeaders(Partitions{}, Span{For: -1}); err == nil {
		t.Error("a negative span was taken")
	}
}
