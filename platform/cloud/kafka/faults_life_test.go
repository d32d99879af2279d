package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

func TestFetchesAreSlow(t *testing.T) {
	t.Parallel()
	s, seeds, _ := run(t, Config{})
	client := dial(t, seeds)
	makeTopic(t, client, "t", 1, nil)
	produce(t, client, "t", 0, 1)
	active, err := s.Faults().SlowFetches(400*time.Millisecond, Span{Count: 1})
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	consumer := dial(t, seeds, kgo.ConsumeTopics("t"))
	collect(t, consumer, 1)
	if took := time.Since(began); took < 350*time.Millisecond || active.Hits() != 1 {
		t.Errorf("read in %s, %d hits", took, active.Hits())
	}
	forever, err := s.Faults().SlowFetches(time.Hour, Span{})
	if err != nil {
		t.Fatal(err)
	}
	for forever.Hits() == 0 {
		time.Sleep(time.Millisecond)
	}
	began = time.Now()
	produce(t, client, "t", 1, 2) // writing goes on
	forever.Undo()
	collect(t, consumer, 1)
	if took := time.Since(began); took > patience {
		t.Errorf("undone, a read took %s", took)
	}
}

func TestABrokerGoesAndComesBack(t *testing.T) {
	t.Parallel()
	s, seeds, _ := run(t, Config{})
	client := dial(t, seeds)
	makeTopic(t, client, "t", 6, nil)
	consumer := dial(t, seeds, kgo.ConsumeTopics("t"), kgo.ConsumerGroup("g"))
	produce(t, client, "t", 0, 20)
	collect(t, consumer, 20)
	gone, err := s.Faults().LoseBroker(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if brokers, _ := s.Brokers(); slices.Contains(brokers, seeds[0]) || len(brokers) != 2 {
		t.Errorf("brokers %v", brokers)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if err := dial(t, seeds[:1], kgo.RequestRetries(0)).Ping(ctx); err == nil {
		t.Error("the broker that is gone answers")
	}
	produce(t, client, "t", 20, 40)
	collect(t, consumer, 20)
	if _, err := s.Faults().LoseBroker(0, 0); !errors.Is(err, ErrNothing) {
		t.Errorf("lose it twice: %v", err)
	}
	if _, err := s.Faults().LoseBroker(2, 0); !errors.Is(err, ErrController) {
		t.Errorf("lose the controller: %v", err)
	}
	// One of three is left: acks=all cannot be had.
	second, err := s.Faults().LoseBroker(1, 0)
	if err != nil {
		t.Fatal(err)
	}
	until(t, "the one broker refuses a write with acks=all", func() bool {
		err := once(t, impatient(t, seeds), "t")
		if err == nil {
			t.Fatal("one broker took a write with acks=all")
		}
		return errors.Is(err, kerr.NotEnoughReplicas)
	})
	second.Undo()
	// Until the second is back by itself.
	if _, err := s.Faults().LoseBroker(1, 100*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	until(t, "the second broker is back", func() bool { return once(t, impatient(t, seeds), "t") == nil })
	gone.Undo()
	if brokers, _ := s.Brokers(); !slices.Equal(brokers, seeds) {
		t.Errorf("brokers %v, want %v on their ports", brokers, seeds)
	}
	if err := dial(t, seeds[:1]).Ping(t.Context()); err != nil {
		t.Errorf("the broker that is back: %v", err)
	}
	produce(t, client, "t", 40, 60)
	collect(t, consumer, 21)
}

func TestCoordinatorsMove(t *testing.T) {
	t.Parallel()
	s, seeds, _ := run(t, Config{})
	client := dial(t, seeds)
	makeTopic(t, client, "t", 1, nil)
	consumer := dial(t, seeds, kgo.ConsumeTopics("t"), kgo.ConsumerGroup("g"), kgo.DisableAutoCommit())
	produce(t, client, "t", 0, 1)
	collect(t, consumer, 1)
	before := s.cluster.CoordinatorFor("g")
	for tries := 0; s.cluster.CoordinatorFor("g") == before; tries++ {
		if tries == 50 {
			t.Fatal("the coordinator stays")
		}
		if _, err := s.Faults().MoveCoordinators(Span{Count: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if err := consumer.CommitUncommittedOffsets(t.Context()); err != nil {
		t.Errorf("commit with the new one: %v", err)
	}
}

func TestAGroupRebalances(t *testing.T) {
	t.Parallel()
	s, seeds, _ := run(t, Config{})
	client := dial(t, seeds)
	makeTopic(t, client, "t", 4, nil)
	if _, err := s.Faults().Rebalance("nobody", Span{}); !errors.Is(err, ErrNothing) {
		t.Errorf("no such group: %v", err)
	}
	for name, option := range map[string]kgo.Opt{
		"classic":  kgo.Balancers(kgo.RangeBalancer()), // eager: everything is given up
		"consumer": kgo.ServerSideBalancer(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assigned := make(chan int, 100)
			consumer := dial(t, seeds, option, kgo.ConsumeTopics("t"), kgo.ConsumerGroup(name), kgo.HeartbeatInterval(50*time.Millisecond),
				kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, got map[string][]int32) { assigned <- len(got["t"]) }))
			go func() {
				for !consumer.PollFetches(t.Context()).IsClientClosed() && t.Context().Err() == nil {
				}
			}()
			await(t, assigned, 4)
			if _, err := s.Faults().Rebalance(name, Span{}); err != nil {
				t.Fatal(err)
			}
			await(t, assigned, 4)
		})
	}
}

// await reads until the wanted number comes.
func await(t *testing.T, numbers <-chan int, want int) {
	t.Helper()
	over := time.After(patience)
	var seen []int
	for {
		select {
		case n := <-numbers:
			if seen = append(seen, n); n == want {
				return
			}
		case <-over:
			t.Fatal(fmt.Sprint("no assignment of ", want, " partitions, only ", seen))
		}
	}
}

func TestFaultsEndWithTheCluster(t *testing.T) {
	t.Parallel()
	s, _, end := run(t, Config{})
	lost, err := s.Faults().LoseBroker(1, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	end()
	lost.Undo() // neither blocks nor panics
	if _, err := s.Faults().MoveCoordinators(Span{}); !errors.Is(err, ErrClosed) {
		t.Errorf("a fault afterwards: %v", err)
	}
}
