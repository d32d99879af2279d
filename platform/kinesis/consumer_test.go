package kinesis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/smithy-go"
	"pgregory.net/rapid"

	"github.com/weirstream/weir/platform/clock"
)

// sink is a handler that remembers; fail makes it refuse a batch.
type sink struct {
	fail func(b Batch) error

	mu      sync.Mutex
	got     []string // data in the order accepted
	byKey   map[string][]string
	refused []Batch
}

func (s *sink) handle(_ context.Context, b Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		if err := s.fail(b); err != nil {
			s.refused = append(s.refused, b)
			return err
		}
	}
	if s.byKey == nil {
		s.byKey = map[string][]string{}
	}
	for _, r := range b.Records {
		s.got = append(s.got, string(r.Data))
		s.byKey[r.PartitionKey] = append(s.byKey[r.PartitionKey], string(r.Data))
	}
	return nil
}

func (s *sink) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.got)
}

// consume starts a consumer on a fake; the function returned stops it and
// gives Run's error.
func consume(t *testing.T, f *fakeStream, cfg ConsumerConfig, s *sink) (*Consumer, func() error) {
	t.Helper()
	cfg.Stream = "s"
	c, err := NewConsumer(f, cfg, s.handle)
	must(t, err)
	c.subscribe = f.subscribe
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.Run(ctx) }()
	return c, func() error {
		cancel()
		return <-ended
	}
}

func eachMethod(t *testing.T, test func(t *testing.T, cfg ConsumerConfig)) {
	t.Parallel()
	for name, cfg := range map[string]ConsumerConfig{"polling": {}, "fan-out": {ConsumerName: "app"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { test(t, cfg) })
		})
	}
}

func wait(t *testing.T, d time.Duration) {
	t.Helper()
	must(t, clock.Wall{}.Sleep(context.Background(), d))
}

// TestOrderAndCompletenessThroughReshards splits and merges at random while
// calls break and the handler fails, in both methods.
func TestOrderAndCompletenessThroughReshards(t *testing.T) {
	t.Parallel()
	for name, consumer := range map[string]string{"polling": "", "fan-out": "app"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(rt *rapid.T) {
				seed := rapid.Uint64().Draw(rt, "seed")
				steps := rapid.SliceOfN(rapid.SampledFrom([]string{"put", "put", "put", "split", "merge", "wait"}), 1, 40).Draw(rt, "steps")
				hide := rapid.Bool().Draw(rt, "hideChildren")
				trouble := rapid.Float64Range(0, 0.3).Draw(rt, "trouble")
				synctest.Test(t, func(t *testing.T) { reshard(t, consumer, seed, steps, hide, trouble) })
				if t.Failed() {
					rt.Fatal("see above")
				}
			})
		})
	}
}

func reshard(t *testing.T, consumer string, seed uint64, steps []string, hide bool, trouble float64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	var mu sync.Mutex
	chance := func(what string) error {
		mu.Lock()
		defer mu.Unlock()
		if rng.Float64() < trouble {
			return errors.New(what + " broke")
		}
		return nil
	}
	f := newFakeStream(2)
	f.trouble, f.hideChildren, f.recordsPerGet, f.eventsPerSub = chance, hide, 3, 4
	s := &sink{fail: func(Batch) error { return chance("handler") }}
	_, stop := consume(t, f, ConsumerConfig{ConsumerName: consumer, Checkpoints: NewMemoryCheckpoints(), Seed: seed + 1}, s)
	n := 0
	for i, step := range steps {
		switch step {
		case "put":
			for range 5 {
				f.put(fmt.Sprint(n%7), fmt.Sprintf("%05d", n))
				n++
			}
		case "split":
			f.split(i)
		case "merge":
			f.merge(i)
		case "wait":
			wait(t, 3*time.Second)
		}
	}
	for deadline := 0; s.count() < n && deadline < 3600; deadline++ {
		wait(t, time.Second)
	}
	if err := stop(); err != nil {
		t.Errorf("Run: %v", err)
	}
	if got := sorted(s.got); len(got) != n || len(slices.Compact(got)) != n {
		t.Errorf("%d records handled, %d of them distinct, want %d", len(s.got), len(slices.Compact(got)), n)
	}
	for key, datas := range s.byKey {
		if !slices.IsSorted(datas) {
			t.Errorf("key %s out of order: %v", key, datas)
		}
	}
}

func TestFailedBatchComesAgain(t *testing.T) {
	eachMethod(t, func(t *testing.T, cfg ConsumerConfig) {
		f := newFakeStream(1)
		f.put("k", "a")
		f.put("k", "b")
		saved := NewMemoryCheckpoints()
		cfg.Checkpoints = saved
		s := &sink{}
		s.fail = func(Batch) error {
			if at, _ := saved.Load(t.Context(), f.shards[0].id); at != (Checkpoint{}) {
				t.Errorf("checkpoint %+v before the batch was handled", at)
			}
			if len(s.refused) < 3 {
				return errors.New("sink is down")
			}
			return nil
		}
		c, stop := consume(t, f, cfg, s)
		wait(t, time.Minute)
		must(t, stop())
		if !slices.Equal(s.got, []string{"a", "b"}) || len(s.refused) != 3 || len(s.refused[2].Records) != 2 {
			t.Errorf("accepted %v after refusing %v", s.got, s.refused)
		}
		if at, _ := saved.Load(t.Context(), f.shards[0].id); at.SequenceNumber != *f.shards[0].records[1].SequenceNumber {
			t.Errorf("checkpoint %+v, want the last record's", at)
		}
		if got := c.Stats(); got.Records != 2 || got.Retries < 3 {
			t.Errorf("stats %+v", got)
		}
	})
}

func TestRestartGoesOnAtTheCheckpoint(t *testing.T) {
	eachMethod(t, func(t *testing.T, cfg ConsumerConfig) {
		f := newFakeStream(1)
		cfg.Checkpoints = NewMemoryCheckpoints()
		put := func(from, to int) {
			for i := from; i < to; i++ {
				f.put(fmt.Sprint(i%5), fmt.Sprintf("%05d", i))
			}
		}
		put(0, 10)
		first := &sink{}
		_, stop := consume(t, f, cfg, first)
		wait(t, time.Minute)
		f.split(0)
		put(10, 20)
		wait(t, time.Minute)
		must(t, stop())
		put(20, 30) // while nobody reads
		f.merge(0)
		put(30, 40)
		second := &sink{}
		cfg.Start = Position{Type: Latest} // must not matter: the lineage has checkpoints
		_, stop = consume(t, f, cfg, second)
		wait(t, time.Minute)
		must(t, stop())
		if len(first.got) != 20 || len(second.got) != 20 {
			t.Errorf("%d records before and %d after the restart, want 20 and 20", len(first.got), len(second.got))
		}
		for key, datas := range second.byKey {
			if !slices.IsSorted(datas) {
				t.Errorf("key %s out of order: %v", key, datas)
			}
		}
	})
}

func TestLatestMissesNothingAfterReady(t *testing.T) {
	eachMethod(t, func(t *testing.T, cfg ConsumerConfig) {
		f := newFakeStream(2)
		for i := range 20 {
			f.put(fmt.Sprint(i), "old")
		}
		f.split(0) // its closed parent is skipped
		wait(t, time.Second)
		var broken atomic.Bool
		f.trouble = func(op string) error { // reads fail for a while after the position was taken
			if broken.Load() && (op == "GetRecords" || op == "SubscribeToShard") {
				return errors.New("connection reset")
			}
			return nil
		}
		f.eventsPerSub, f.breakAtOnce = 1, 3
		cfg.Start = Position{Type: Latest}
		s := &sink{}
		c, stop := consume(t, f, cfg, s)
		<-c.Ready()
		broken.Store(true)
		for i := range 20 {
			f.put(fmt.Sprint(i), fmt.Sprintf("new %02d", i))
		}
		wait(t, 6*time.Minute) // iterators expire meanwhile
		broken.Store(false)
		wait(t, time.Minute)
		must(t, stop())
		if len(s.got) != 20 || slices.Contains(s.got, "old") {
			t.Errorf("got %d records, want the 20 new ones: %v", len(s.got), s.got)
		}
	})
}

func TestFanOutRestartedBeforeItsFirstRecordMissesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(1)
		f.put("k", "old")
		cfg := ConsumerConfig{ConsumerName: "app", Start: Position{Type: Latest}, Checkpoints: NewMemoryCheckpoints()}
		_, stop := consume(t, f, cfg, &sink{})
		wait(t, 10*time.Second)
		must(t, stop())
		f.put("k", "between")
		s := &sink{}
		_, stop = consume(t, f, cfg, s)
		wait(t, 10*time.Second)
		must(t, stop())
		if !slices.Equal(s.got, []string{"between"}) {
			t.Errorf("got %v, want what was put between the two runs", s.got)
		}
	})
}

func TestExpiredIteratorIsReplaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(1)
		f.recordsPerGet = 1
		f.put("k", "a")
		f.put("k", "b")
		s := &sink{fail: func(Batch) error { return clock.Wall{}.Sleep(context.Background(), 6*time.Minute) }}
		_, stop := consume(t, f, ConsumerConfig{}, s)
		wait(t, 15*time.Minute)
		must(t, stop())
		if !slices.Equal(s.got, []string{"a", "b"}) || f.callsOf("GetShardIterator") < 2 {
			t.Errorf("got %v with %d iterators", s.got, f.callsOf("GetShardIterator"))
		}
	})
}

func TestPollingKeepsItsPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(1)
		f.recordsPerGet = 1
		for range 50 { // ten seconds at five reads a second
			f.put("k", "a")
		}
		_, stop := consume(t, f, ConsumerConfig{}, &sink{})
		wait(t, 9900*time.Millisecond)
		if n := f.callsOf("GetRecords"); n != 50 {
			t.Errorf("%d reads in the first 10s, want 50", n)
		}
		wait(t, 10*time.Second)
		if n := f.callsOf("GetRecords"); n != 60 {
			t.Errorf("%d reads in 20s, want 60: one a second once caught up", n)
		}
		must(t, stop())
	})
}

func TestQuickRestartWaitsForTheOldSubscription(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(1)
		cfg := ConsumerConfig{ConsumerName: "app"}
		c, stop := consume(t, f, cfg, &sink{})
		<-c.Ready()
		must(t, stop())
		f.put("k", "a")
		start := time.Now()
		s := &sink{}
		c, stop = consume(t, f, cfg, s)
		<-c.Ready()
		if took := time.Since(start); took < 4*time.Second || took > 8*time.Second {
			t.Errorf("subscribed after %v, want soon after 5s", took)
		}
		wait(t, 10*time.Minute) // beyond the life of a subscription
		must(t, stop())
		if !slices.Equal(s.got, []string{"a"}) {
			t.Errorf("got %v", s.got)
		}
		if n := c.Stats().Subscriptions; n < 2 || n > 4 {
			t.Errorf("%d subscriptions in 10 minutes, want 2 or 3", n)
		}
	})
}

func TestRefusalsForGoodEndRun(t *testing.T) {
	eachMethod(t, func(t *testing.T, cfg ConsumerConfig) {
		f := newFakeStream(3)
		var denied atomic.Bool
		f.trouble = func(op string) error {
			if denied.Load() && (op == "GetRecords" || op == "SubscribeToShard") {
				return &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "not authorized"}
			}
			return nil
		}
		f.eventsPerSub = 1
		_, stop := consume(t, f, cfg, &sink{})
		wait(t, 10*time.Second)
		denied.Store(true)
		wait(t, 10*time.Second)
		if err := stop(); err != nil {
			// Run had ended before stop, or it would have been a clean stop.
			if !strings.Contains(err.Error(), "not authorized") || !strings.Contains(err.Error(), "shardId-") {
				t.Errorf("Run: %v, want the refusal and its shard", err)
			}
		} else {
			t.Error("Run went on without access")
		}
	})
}

func TestNotReadyWhenRefused(t *testing.T) {
	eachMethod(t, func(t *testing.T, cfg ConsumerConfig) {
		f := newFakeStream(1)
		f.trouble = func(op string) error {
			if op == "GetShardIterator" || op == "SubscribeToShard" {
				return &smithy.GenericAPIError{Code: "AccessDeniedException"}
			}
			return nil
		}
		c, stop := consume(t, f, cfg, &sink{})
		wait(t, 10*time.Second)
		if err := stop(); err == nil {
			t.Error("Run went on without access")
		}
		select {
		case <-c.Ready():
			t.Error("ready, although no shard could be read")
		default:
		}
	})
}

func TestOnlyTheShardsAskedFor(t *testing.T) {
	eachMethod(t, func(t *testing.T, cfg ConsumerConfig) {
		f := newFakeStream(2)
		for i := range 20 {
			f.put(fmt.Sprint(i), fmt.Sprint(i))
		}
		want := len(f.shards[1].records)
		f.merge(0)
		f.put("k", "child")
		cfg.Shards = []string{f.shards[1].id}
		s := &sink{}
		cfg.Stream = "s"
		c, err := NewConsumer(f, cfg, s.handle)
		must(t, err)
		c.subscribe = f.subscribe
		must(t, c.Run(t.Context())) // returns by itself at the shard's end
		if len(s.got) != want || want == 0 {
			t.Errorf("%d records, want %d", len(s.got), want)
		}
		cfg.Shards = []string{"shardId-9"}
		c, err = NewConsumer(f, cfg, s.handle)
		must(t, err)
		if err := c.Run(t.Context()); err == nil || !strings.Contains(err.Error(), `no shard "shardId-9"`) {
			t.Errorf("unknown shard: %v", err)
		}
	})
}

func TestStopWithABatchInHand(t *testing.T) {
	eachMethod(t, func(t *testing.T, cfg ConsumerConfig) {
		f := newFakeStream(1)
		f.put("k", "a")
		saved := NewMemoryCheckpoints()
		cfg.Checkpoints = saved
		s := &sink{fail: func(Batch) error { return clock.Wall{}.Sleep(context.Background(), time.Minute) }}
		_, stop := consume(t, f, cfg, s)
		wait(t, 10*time.Second)
		must(t, stop())
		if at, _ := saved.Load(t.Context(), f.shards[0].id); len(s.got) != 1 || at.SequenceNumber == "" {
			t.Errorf("handled %v, checkpoint %+v: a handled batch must be checkpointed although Run was stopped", s.got, at)
		}
	})
}

func TestCheckpointErrorHoldsTheShard(t *testing.T) {
	eachMethod(t, func(t *testing.T, cfg ConsumerConfig) {
		f := newFakeStream(1)
		f.recordsPerGet = 1
		f.put("k", "a")
		f.put("k", "b")
		flaky := &flakyCheckpoints{MemoryCheckpoints: NewMemoryCheckpoints(), failures: 5}
		cfg.Checkpoints = flaky
		s := &sink{}
		_, stop := consume(t, f, cfg, s)
		wait(t, time.Minute)
		must(t, stop())
		if !slices.Equal(s.got, []string{"a", "b"}) || flaky.failures > 0 {
			t.Errorf("got %v with %d failures left", s.got, flaky.failures)
		}
	})
}

type flakyCheckpoints struct {
	*MemoryCheckpoints
	failures int
}

func (f *flakyCheckpoints) Store(ctx context.Context, shardID string, c Checkpoint) error {
	if f.failures > 0 {
		f.failures--
		return errors.New("table is throttled")
	}
	return f.MemoryCheckpoints.Store(ctx, shardID, c)
}

func TestSilentSubscriptionIsReplaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(1)
		f.put("k", "a")
		s := &sink{}
		c, err := NewConsumer(f, ConsumerConfig{Stream: "s", ConsumerName: "app"}, s.handle)
		must(t, err)
		mute := &fakeSubscription{events: make(chan types.SubscribeToShardEventStream), closed: make(chan struct{})}
		c.subscribe = func(context.Context, *kinesis.SubscribeToShardInput) (subscription, error) {
			c.subscribe = f.subscribe
			go func() { <-mute.closed; close(mute.events) }()
			return mute, nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		must(t, c.Run(ctx))
		if !slices.Equal(s.got, []string{"a"}) {
			t.Errorf("got %v, want the record of the second subscription", s.got)
		}
	})
}

// TestUnansweredSubscriptionIsRetried bounds the wait for a subscription's
// reply, but not the subscription itself.
func TestUnansweredSubscriptionIsRetried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFakeStream(1)
		s := &sink{}
		c, err := NewConsumer(f, ConsumerConfig{Stream: "s", ConsumerName: "app", CallMax: time.Second}, s.handle)
		must(t, err)
		c.subscribe = func(ctx context.Context, _ *kinesis.SubscribeToShardInput) (subscription, error) {
			c.subscribe = f.subscribe
			<-ctx.Done()
			return nil, ctx.Err()
		}
		go func() {
			wait(t, 30*time.Second)
			f.put("k", "a")
		}()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		must(t, c.Run(ctx))
		if !slices.Equal(s.got, []string{"a"}) || c.Stats().Subscriptions != 1 {
			t.Errorf("got %v by %d subscriptions, want the record by the one that lasted", s.got, c.Stats().Subscriptions)
		}
	})
}

func TestConfigSaysEveryProblem(t *testing.T) {
	t.Parallel()
	_, err := NewConsumer(nil, ConsumerConfig{BatchRecordsMax: 10_001, PollInterval: -1, Start: Position{Type: AtTimestamp}}, nil)
	for _, want := range []string{"Stream is empty", "BatchRecordsMax 10001", "durations", "needs a Timestamp"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}
