package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/kafka"
)

// heard collects what a handler was given, by partition.
type heard struct {
	mu      sync.Mutex
	offsets map[int32][]int64
	values  map[string]int
}

func newHeard() *heard { return &heard{offsets: map[int32][]int64{}, values: map[string]int{}} }

func (h *heard) handle(_ context.Context, b kafka.Batch) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range b.Records {
		h.offsets[b.Partition] = append(h.offsets[b.Partition], r.Offset)
		h.values[string(r.Value)]++
	}
	return nil
}

func (h *heard) distinct() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.values)
}

func consumerConfig(group string) kafka.ConsumerConfig {
	return kafka.ConsumerConfig{
		Member:         transformerConfig(group).Member,
		Topics:         []string{"in"},
		CommitInterval: 20 * time.Millisecond, HandOverMax: time.Second, RetryMin: time.Millisecond, RetryMax: 20 * time.Millisecond,
	}
}

func newConsumer(t tb, cluster kafka.Cluster, cfg kafka.ConsumerConfig, handle func(context.Context, kafka.Batch) error) *kafka.Consumer {
	t.Helper()
	c, err := kafka.NewConsumer(cluster, cfg, handle)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestConsumerGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	for name, serverAssigned := range map[string]bool{"classic": false, "KIP-848": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, cluster := brokers(t, []string{"in"})
			feed(t, cluster, 0, 500)
			cfg := consumerConfig("g")
			cfg.Member.ServerAssigned = serverAssigned
			cfg.QueueRecordsMax, cfg.BatchRecordsMax = 20, 7 // pauses and resumes
			all := newHeard()
			first := newConsumer(t, cluster, cfg, all.handle)
			stop := running(t, first.Run)
			within(t, 10*time.Second, "500 records", func() bool { return first.Stats().Records == 500 })
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			feed(t, cluster, 500, 300)
			second := newConsumer(t, cluster, cfg, all.handle)
			stop = running(t, second.Run)
			within(t, 10*time.Second, "300 more", func() bool { return second.Stats().Records == 300 })
			for _, lag := range second.Lags() {
				if lag.Records != 0 {
					t.Errorf("%+v", lag)
				}
			}
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			for p, offsets := range all.offsets {
				if !slices.IsSorted(offsets) || int(offsets[len(offsets)-1]) != len(offsets)-1 {
					t.Errorf("partition %d: %v", p, offsets)
				}
			}
		})
	}
}

func TestWhatFailsBecomesADeadLetterAndCanBeReplayed(t *testing.T) {
	t.Parallel()
	_, cluster := brokers(t, []string{"in", "in.dlq"})
	p, err := kafka.NewProducer(cluster, kafka.ProducerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	running(t, p.Run)
	feed(t, cluster, 0, 100)
	var mu sync.Mutex
	mended := false
	all := newHeard()
	cfg := consumerConfig("g")
	cfg.DeadLetters, cfg.AttemptsMax = p, 3
	c := newConsumer(t, cluster, cfg, func(ctx context.Context, b kafka.Batch) error {
		mu.Lock()
		defer mu.Unlock()
		for _, r := range b.Records {
			switch v := string(r.Value); {
			case mended:
			case v == "42":
				return errOops
			case v == "77":
				return kafka.Permanent("bad-value", errOops)
			}
		}
		return all.handle(ctx, b)
	})
	running(t, c.Run)
	within(t, 10*time.Second, "all but two", func() bool { return c.Stats().Records == 100 })
	if s := c.Stats(); s.DeadLettered != 2 || all.distinct() != 98 {
		t.Fatalf("%+v, %d handled", s, all.distinct())
	}
	letters := map[string]kafka.DeadLetter{}
	for _, d := range deadLetters(t, cluster) {
		letters[string(d.Record.Value)] = d
	}
	plain, bad := letters["42"], letters["77"]
	if len(letters) != 2 || plain.Reason != "oops" || plain.ErrorClass != "handler" || plain.OriginTopic != "in" || plain.OriginOffset < 0 ||
		string(plain.Record.Key) != "key-8" || bad.ErrorClass != "bad-value" || plain.Attempt < 3 || bad.Attempt > 2 || time.Since(plain.FirstSeen) > time.Minute {
		t.Fatalf("%+v", letters)
	}
	replay := func(class string) {
		plan, err := kafka.PlanReplay(t.Context(), cluster, "in", kafka.ReplaySelection{Which: func(d kafka.DeadLetter) bool { return d.ErrorClass == class }})
		if err != nil {
			t.Fatal(err)
		}
		if n, err := plan.Run(t.Context()); n != 1 || err != nil {
			t.Fatalf("%d replayed, %v", n, err)
		}
	}
	replay("bad-value") // fails again
	within(t, 10*time.Second, "the second failure", func() bool { return c.Stats().DeadLettered == 3 })
	var again kafka.DeadLetter
	for _, d := range deadLetters(t, cluster) {
		if d.ErrorClass == "bad-value" {
			again = d
		}
	}
	if again.Attempt <= bad.Attempt || !again.FirstSeen.Equal(bad.FirstSeen) || again.OriginOffset == bad.OriginOffset {
		t.Fatalf("%+v after %+v", again, bad)
	}
	mu.Lock()
	mended = true
	mu.Unlock()
	replay("handler")
	within(t, 10*time.Second, "the replayed record", func() bool { return all.distinct() == 99 })
}

// TestLargestRecordFitsAmongDeadLetters has both ways to them, and the one back.
func TestLargestRecordFitsAmongDeadLetters(t *testing.T) {
	t.Parallel()
	_, cluster := brokers(t, []string{"in", "in.dlq", "state"})
	put := func(cfg kafka.ProducerConfig) *kafka.Producer {
		p, err := kafka.NewProducer(cluster, cfg)
		if err != nil {
			t.Fatal(err)
		}
		running(t, p.Run)
		return p
	}
	largest := &kgo.Record{Topic: "in", Value: make([]byte, 999_900)}
	if err := put(kafka.ProducerConfig{}).Put(t.Context(), largest); err != nil {
		t.Fatal(err)
	}
	long := errors.New(strings.Repeat("o", 2000))
	cfg := consumerConfig("consumer")
	cfg.DeadLetters = put(kafka.ProducerConfig{BatchBytesMax: kafka.LetterBytesMax})
	c := newConsumer(t, cluster, cfg, func(context.Context, kafka.Batch) error { return kafka.Permanent("large", long) })
	running(t, c.Run)
	within(t, 10*time.Second, "the consumer's letter", func() bool { return c.Stats().DeadLettered == 1 })
	tr := newTransformer(t, cluster, transformerConfig("transformer"), func(_ context.Context, b kafka.Batch, _ *counting) (letters []*kgo.Record, err error) {
		for _, r := range b.Records {
			letters = append(letters, kafka.NewDeadLetter(r, long, 1, time.Now()))
		}
		return letters, nil
	})
	running(t, tr.Run)
	within(t, 10*time.Second, "the transformer's letter", func() bool { return tr.Stats().Outputs == 1 })
	plan, err := kafka.PlanReplay(t.Context(), cluster, "in", kafka.ReplaySelection{Max: 1})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := plan.Run(t.Context()); n != 1 || err != nil {
		t.Fatalf("%d replayed, %v", n, err)
	}
}

// deadLetters are those of topic in.
func deadLetters(t *testing.T, cluster kafka.Cluster) (letters []kafka.DeadLetter) {
	t.Helper()
	records, err := kafka.ReadAll(t.Context(), cluster, kafka.DeadLetterTopic("in"))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		letters = append(letters, kafka.ReadDeadLetter(r))
	}
	return letters
}

func TestConsumersHandOverWithoutLoss(t *testing.T) {
	t.Parallel()
	_, cluster := brokers(t, []string{"in"})
	all := newHeard()
	var stops []func() error
	var seen []*kafka.Consumer
	join := func() {
		c := newConsumer(t, cluster, consumerConfig("g"), all.handle)
		seen = append(seen, c)
		stops = append(stops, running(t, c.Run))
		select {
		case <-c.Ready():
		case <-time.After(10 * time.Second):
			t.Fatal("never ready")
		}
	}
	join()
	for round := range 8 {
		feed(t, cluster, round*200, 200)
		if round%3 == 2 {
			if err := stops[0](); err != nil {
				t.Fatal(err)
			}
			stops = stops[1:]
		} else {
			join()
		}
	}
	within(t, 20*time.Second, "every record", func() bool { return all.distinct() == 1600 })
	total := int64(0)
	for _, c := range seen {
		total += c.Stats().Records
	}
	if total > 1600 {
		t.Errorf("%d records done for 1,600, though every hand-over was clean", total)
	}
}

func TestHandOverGivesUpAHandlerThatHangs(t *testing.T) {
	t.Parallel()
	_, cluster := brokers(t, []string{"in"})
	feed(t, cluster, 0, 10)
	cfg := consumerConfig("g")
	cfg.HandOverMax = 50 * time.Millisecond
	hanging := make(chan struct{}, 100)
	c := newConsumer(t, cluster, cfg, func(ctx context.Context, _ kafka.Batch) error {
		hanging <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	})
	stop := running(t, c.Run)
	<-hanging
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	all := newHeard()
	next := newConsumer(t, cluster, cfg, all.handle)
	running(t, next.Run)
	within(t, 10*time.Second, "what was given up", func() bool { return all.distinct() == 10 })
}

// TestLagsAreOfWhatIsAssigned has a partition go while its batch is in hand.
func TestLagsAreOfWhatIsAssigned(t *testing.T) {
	t.Parallel()
	_, cluster := brokers(t, []string{"in"})
	feed(t, cluster, 0, 200)
	release := make(chan struct{})
	first := newConsumer(t, cluster, consumerConfig("g"), func(context.Context, kafka.Batch) error {
		<-release
		return nil
	})
	running(t, first.Run)
	within(t, 10*time.Second, "records of all partitions", func() bool { return len(first.Lags()) == partitions })
	second := newConsumer(t, cluster, consumerConfig("g"), newHeard().handle)
	running(t, second.Run)
	within(t, 10*time.Second, "half to go", func() bool { return first.Stats().Revoked == partitions/2 })
	close(release)
	within(t, 10*time.Second, "half to be elsewhere", func() bool { return second.Stats().Assigned == partitions/2 })
	if lags := first.Lags(); len(lags) != partitions/2 {
		t.Errorf("%d partitions' lags are told, of %d: %+v", len(lags), partitions/2, lags)
	}
}

// TestStaticMembersRestartUndisturbed shows that a restart within the session
// moves no partition.
func TestStaticMembersRestartUndisturbed(t *testing.T) {
	t.Parallel()
	_, cluster := brokers(t, []string{"in"})
	member := func(i int) (*kafka.Consumer, func() error) {
		cfg := consumerConfig("g")
		cfg.Member.InstanceID = fmt.Sprintf("member-%d", i)
		cfg.Member.SessionTimeout = 10 * time.Second
		c := newConsumer(t, cluster, cfg, newHeard().handle)
		return c, running(t, c.Run)
	}
	a, _ := member(0)
	b, stop := member(1)
	within(t, 10*time.Second, "three each", func() bool { return a.Stats().Assigned == 3 && b.Stats().Assigned == 3 })
	before := a.Stats().Revoked
	for range 3 {
		if err := stop(); err != nil {
			t.Fatal(err)
		}
		b, stop = member(1)
		within(t, 10*time.Second, "its three back", func() bool { return b.Stats().Assigned == 3 })
		if n := a.Stats().Assigned; n != 3 {
			t.Fatalf("the other has %d", n)
		}
	}
	if after := a.Stats().Revoked; after != before {
		t.Errorf("the other handed over %d partitions", after-before)
	}
}
