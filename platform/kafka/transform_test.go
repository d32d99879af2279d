package kafka_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/weirstream/weir/platform/kafka"
)

// counting numbers the records of each key. A number repeated or left out in
// the outputs shows that state and offsets parted.
type counting struct {
	counts  map[string]uint64
	changed map[string]bool
}

func newCounting(int32) *counting {
	return &counting{counts: map[string]uint64{}, changed: map[string]bool{}}
}

func (c *counting) Restore(pairs iter.Seq2[[]byte, []byte]) error {
	for key, value := range pairs {
		c.counts[string(key)] = binary.BigEndian.Uint64(value)
	}
	return nil
}

func (c *counting) Snapshot(put func(key, value []byte)) error {
	for key := range c.changed {
		put([]byte(key), binary.BigEndian.AppendUint64(nil, c.counts[key]))
	}
	clear(c.changed)
	return nil
}

// number is the handler: output = key, "input number".
func number(_ context.Context, b kafka.Batch, c *counting) ([]*kgo.Record, error) {
	var outputs []*kgo.Record
	for _, r := range b.Records {
		c.counts[string(r.Key)]++
		c.changed[string(r.Key)] = true
		outputs = append(outputs, &kgo.Record{Topic: "out", Key: r.Key, Value: fmt.Appendf(nil, "%s %d", r.Value, c.counts[string(r.Key)])})
	}
	return outputs, nil
}

func transformerConfig(group string) kafka.TransformerConfig {
	return kafka.TransformerConfig{
		Member: kafka.Member{
			Group: group, InstanceID: "-", SessionTimeout: 2 * time.Second, Heartbeat: 50 * time.Millisecond,
			RebalanceTimeout: 5 * time.Second,
		},
		Topic: "in", StateTopic: "state", TransactionMax: 2 * time.Second, CommitInterval: 30 * time.Millisecond, RetryMax: 50 * time.Millisecond,
	}
}

// feed puts n records of some keys on the input; the ith is numbered by key.
func feed(t tb, cluster kafka.Cluster, from, n int) {
	t.Helper()
	p, err := kafka.NewProducer(cluster, kafka.ProducerConfig{Topic: "in"})
	if err != nil {
		t.Fatal(err)
	}
	stop := running(t, p.Run)
	var failed atomic.Int64
	for i := from; i < from+n; i++ {
		r := &kgo.Record{Key: fmt.Appendf(nil, "key-%d", i%keys), Value: fmt.Appendf(nil, "%d", i)}
		err := p.PutAsync(t.Context(), r, func(_ *kgo.Record, err error) {
			if err != nil {
				failed.Add(1)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := stop(); err != nil || failed.Load() > 0 {
		t.Fatalf("%v, %d records failed", err, failed.Load())
	}
}

const keys = 17

// exactlyOnce checks that of n inputs each has one output, in order by key.
func exactlyOnce(outputs []*kgo.Record, n int) error {
	if len(outputs) != n {
		return fmt.Errorf("%d outputs for %d inputs", len(outputs), n)
	}
	next := map[string]int{}
	for _, r := range outputs {
		var input, count int
		if _, err := fmt.Sscanf(string(r.Value), "%d %d", &input, &count); err != nil {
			return err
		}
		want := next[string(r.Key)]
		next[string(r.Key)]++
		if count != want+1 || input/keys != want {
			return fmt.Errorf("output %d of %s is %q, want input %d number %d", want, r.Key, r.Value, want*keys+input%keys, want+1)
		}
	}
	return nil
}

func newTransformer(t tb, cluster kafka.Cluster, cfg kafka.TransformerConfig, handle kafka.Handler[*counting], opts ...kgo.Opt) *kafka.Transformer {
	t.Helper()
	tr, err := kafka.NewTransformer(cluster, cfg, newCounting, handle, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return tr
}

func TestTransformerIsExactlyOnceAndKeepsState(t *testing.T) {
	t.Parallel()
	_, cluster := brokers(t, []string{"in", "out", "state"})
	first := newTransformer(t, cluster, transformerConfig("g"), number)
	stop := running(t, first.Run)
	feed(t, cluster, 0, 1000)
	within(t, 10*time.Second, "first thousand", func() bool { return first.Stats().Records == 1000 })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	feed(t, cluster, 1000, 500)
	second := newTransformer(t, cluster, transformerConfig("g"), number)
	stop = running(t, second.Run)
	within(t, 10*time.Second, "the rest", func() bool { return second.Stats().Records == 500 })
	if err := exactlyOnce(drain(t, cluster, "out"), 1500); err != nil {
		t.Fatal(err)
	}
	if s := second.Stats(); s.Assigned != 6 || s.Restores < 6 || s.Aborts != 0 {
		t.Fatalf("%+v", s)
	}
	for _, lag := range second.Lags() {
		if lag.Records != 0 || lag.Time != 0 {
			t.Fatalf("%+v", lag)
		}
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
}

func TestRareOutputsCommitAtOnce(t *testing.T) {
	t.Parallel()
	_, cluster := brokers(t, []string{"in", "out", "state"})
	cfg := transformerConfig("g")
	cfg.CommitInterval, cfg.CommitOutputs, cfg.TransactionMax = time.Minute, true, 2*time.Minute
	cfg.Member.RebalanceTimeout = 3 * time.Minute
	var handled atomic.Int64
	tr := newTransformer(t, cluster, cfg, func(ctx context.Context, b kafka.Batch, c *counting) ([]*kgo.Record, error) {
		outputs, err := number(ctx, b, c)
		handled.Add(int64(len(b.Records)))
		return slices.DeleteFunc(outputs, func(r *kgo.Record) bool { return !bytes.HasPrefix(r.Value, []byte("200 ")) }), err
	})
	running(t, tr.Run)
	for i := range 2 { // the first commits at once, the second waits
		feed(t, cluster, 100*i, 100)
		within(t, 10*time.Second, "a hundred", func() bool { return handled.Load() == int64(100*i+100) })
	}
	if s := tr.Stats(); s.Records >= 200 || s.Outputs > 0 {
		t.Fatalf("%+v", s)
	}
	feed(t, cluster, 200, 1)
	within(t, 10*time.Second, "the output", func() bool { return tr.Stats().Records == 201 })
	if s := tr.Stats(); s.Outputs != 1 {
		t.Fatalf("%+v", s)
	}
}

func TestTransformerRedoesWhatFailed(t *testing.T) {
	t.Parallel()
	faulty, cluster := brokers(t, []string{"in", "out", "state"})
	faulty.Fault(
		kfake.Fault{Keys: []kmsg.Key{kmsg.EndTxn}, Err: kerr.TransactionAbortable},
		kfake.Fault{Keys: []kmsg.Key{kmsg.TxnOffsetCommit}, Err: kerr.RebalanceInProgress, Count: 2},
		kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "out", Err: kerr.RequestTimedOut, Count: 3},
		kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "state", Err: kerr.NotEnoughReplicasAfterAppend, Count: 3},
	)
	var calls atomic.Int64
	tr := newTransformer(t, cluster, transformerConfig("g"), func(ctx context.Context, b kafka.Batch, c *counting) ([]*kgo.Record, error) {
		outputs, err := number(ctx, b, c)
		if calls.Add(1)%7 == 0 {
			return outputs, errOops
		}
		return outputs, err
	})
	running(t, tr.Run)
	for i := range 10 {
		feed(t, cluster, i*100, 100)
	}
	within(t, 20*time.Second, "all records", func() bool { return tr.Stats().Records == 1000 })
	if err := exactlyOnce(drain(t, cluster, "out"), 1000); err != nil {
		t.Fatal(err)
	}
	if s := tr.Stats(); s.Aborts < 3 {
		t.Fatalf("nothing went wrong: %+v", s)
	}
}

func TestTransformerIsFencedByItsTwin(t *testing.T) {
	t.Parallel()
	_, cluster := brokers(t, []string{"in", "out", "state"})
	cfg := transformerConfig("g")
	cfg.Member.InstanceID = "one"
	older := newTransformer(t, cluster, cfg, number)
	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { ended <- older.Run(ctx) }()
	feed(t, cluster, 0, 100)
	within(t, 10*time.Second, "the older to work", func() bool { return older.Stats().Records == 100 })
	younger := newTransformer(t, cluster, cfg, number)
	running(t, younger.Run)
	select {
	case err := <-ended:
		if !errors.Is(err, kafka.ErrFenced) || !strings.Contains(err.Error(), "one in group g; end one of the two") {
			t.Fatalf("the older ended with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("the older goes on")
	}
	feed(t, cluster, 100, 100)
	within(t, 10*time.Second, "the younger to work", func() bool { return younger.Stats().Records >= 100 })
	if err := exactlyOnce(drain(t, cluster, "out"), 200); err != nil {
		t.Fatal(err)
	}
}

// TestTwinWaitsWhereBrokersAssign starts two of one identity: the group keeps the
// younger out, which therefore must not take the older's transactional id either.
func TestTwinWaitsWhereBrokersAssign(t *testing.T) {
	t.Parallel()
	_, cluster := brokers(t, []string{"in", "out", "state"})
	cfg := transformerConfig("g")
	cfg.Member.InstanceID, cfg.Member.ServerAssigned = "one", true
	older := newTransformer(t, cluster, cfg, number)
	stop := running(t, older.Run)
	feed(t, cluster, 0, 100)
	within(t, 10*time.Second, "the older to work", func() bool { return older.Stats().Records == 100 })
	younger := newTransformer(t, cluster, cfg, number)
	running(t, younger.Run)
	within(t, 20*time.Second, "the younger to be turned away", func() bool { return younger.Stats().Restarts > 0 })
	feed(t, cluster, 100, 100)
	within(t, 10*time.Second, "the older to go on", func() bool { return older.Stats().Records == 200 })
	if s := older.Stats(); s.Restarts+s.Aborts > 0 {
		t.Errorf("the older was disturbed: %+v", s)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	feed(t, cluster, 200, 100)
	within(t, 20*time.Second, "the younger to take over", func() bool { return younger.Stats().Records == 100 })
	if err := exactlyOnce(drain(t, cluster, "out"), 300); err != nil {
		t.Fatal(err)
	}
}

// polled hears of each record that a poll returns, before it does.
type polled func()

func (p polled) OnFetchRecordUnbuffered(_ *kgo.Record, polled bool) {
	if polled {
		p()
	}
}

// TestStopLosesNothing ends a transformer in the midst of a transaction, with
// more of its input at hand.
func TestStopLosesNothing(t *testing.T) {
	t.Parallel()
	for _, at := range []string{"poll", "handler"} {
		t.Run(at, func(t *testing.T) {
			t.Parallel()
			_, cluster := brokers(t, []string{"in", "out", "state"})
			cfg := transformerConfig("g")
			cfg.BatchRecordsMax, cfg.CommitInterval = 10, time.Minute
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			var records [2]atomic.Int64 // polled, and come to the handler
			after := func(seen *atomic.Int64, here string, n int) {
				if seen.Add(int64(n)) > 20 && at == here {
					stop()
				}
			}
			first := newTransformer(t, cluster, cfg, func(ctx context.Context, b kafka.Batch, c *counting) ([]*kgo.Record, error) {
				after(&records[1], "handler", len(b.Records))
				if err := ctx.Err(); err != nil {
					return nil, err // as a handler may that calls others
				}
				return number(ctx, b, c)
			}, kgo.WithHooks(polled(func() { after(&records[0], "poll", 1) })))
			ended := make(chan error, 1)
			go func() { ended <- first.Run(ctx) }()
			feed(t, cluster, 0, 1) // the first record commits at once, what follows within the interval does not
			within(t, 10*time.Second, "the first", func() bool { return first.Stats().Records == 1 })
			feed(t, cluster, 1, 500)
			if err := <-ended; err != nil {
				t.Fatal(err)
			}
			if n := first.Stats().Records; n <= 20 || first.Stats().Aborts > 0 {
				t.Errorf("%d records are committed: what was in hand is not (%+v)", n, first.Stats())
			}
			second := newTransformer(t, cluster, transformerConfig("g"), number)
			running(t, second.Run)
			within(t, 20*time.Second, "the rest", func() bool { return first.Stats().Records+second.Stats().Records >= 501 })
			if err := exactlyOnce(drain(t, cluster, "out"), 501); err != nil {
				t.Fatal(err)
			}
		})
	}
}
