package kafka_test

import (
	"context"
	"encoding/binary"
	"errors"
	"iter"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/kafka"
)

// TestZombieCannotCommit cuts a process off with outputs and state of an open
// transaction on the brokers, lets another take over, and then lets the first
// go on as if nothing had happened.
func TestZombieCannotCommit(t *testing.T) {
	t.Parallel()
	for name, instance := range map[string]string{"dynamic": "-", "static": "one"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, cluster := brokers(t, []string{"in", "out", "state"})
			cfg := transformerConfig("g")
			cfg.Member.InstanceID, cfg.Member.SessionTimeout = instance, time.Second
			held, release := make(chan struct{}), make(chan struct{})
			var once sync.Once
			line := &wire{}
			zombie := newTransformer(t, cluster, cfg, func(ctx context.Context, b kafka.Batch, c *counting) ([]*kgo.Record, error) {
				outputs, err := number(ctx, b, c)
				if len(b.Records) > 0 && c.counts[string(b.Records[0].Key)] > 10 {
					once.Do(func() { close(held) })
					<-release
				}
				return outputs, err
			}, kgo.Dialer(line.dial))
			ended := make(chan error, 1)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go func() { ended <- zombie.Run(ctx) }()
			feed(t, cluster, 0, 170)
			within(t, 10*time.Second, "the first 170", func() bool { return zombie.Stats().Records == 170 })
			feed(t, cluster, 170, 170)
			<-held
			line.cut()
			heir := newTransformer(t, cluster, cfg, number)
			running(t, heir.Run)
			within(t, 20*time.Second, "the heir to redo it", func() bool { return heir.Stats().Records == 170 })
			line.mend()
			close(release)
			feed(t, cluster, 340, 170)
			within(t, 20*time.Second, "the rest", func() bool { return heir.Stats().Records+zombie.Stats().Records == 510 })
			if instance != "-" {
				if err := <-ended; !errors.Is(err, kafka.ErrFenced) {
					t.Errorf("the zombie ended with %v", err)
				}
			} else {
				cancel()
				<-ended
			}
			if err := exactlyOnce(drain(t, cluster, "out"), 510); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestTicksAreCommittedToo has a handler that says something of partitions that
// nothing comes from.
func TestTicksAreCommittedToo(t *testing.T) {
	t.Parallel()
	for name, serverAssigned := range map[string]bool{"classic": false, "KIP-848": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			faulty, cluster := brokers(t, []string{"in", "out", "state"})
			cfg := transformerConfig("g")
			cfg.Member.ServerAssigned = serverAssigned
			cfg.TickInterval = 10 * time.Millisecond
			var ticks atomic.Int64
			tick := func(_ context.Context, b kafka.Batch, c *counting) ([]*kgo.Record, error) {
				if len(b.Records) > 0 {
					return nil, errOops
				}
				if c.counts["ticks"] == 5 {
					return nil, nil // nothing more to say
				}
				ticks.Add(1)
				c.counts["ticks"]++
				c.changed["ticks"] = true
				value := binary.BigEndian.AppendUint64(nil, c.counts["ticks"])
				return []*kgo.Record{kafka.ToPartition(&kgo.Record{Topic: "out", Value: value}, b.Partition)}, nil
			}
			first := newTransformer(t, cluster, cfg, tick)
			stopFirst := running(t, first.Run)
			second := newTransformer(t, cluster, cfg, tick)
			running(t, second.Run)
			within(t, 20*time.Second, "five ticks of each partition", func() bool { return first.Stats().Outputs+second.Stats().Outputs == 5*partitions })
			if err := stopFirst(); err != nil {
				t.Fatal(err)
			}
			within(t, 20*time.Second, "all in one hand", func() bool { return second.Stats().Assigned == partitions && second.Stats().Restoring == 0 })
			seen := map[int32]uint64{}
			for _, r := range drain(t, cluster, "out") {
				if seen[r.Partition]++; binary.BigEndian.Uint64(r.Value) != seen[r.Partition] {
					t.Errorf("partition %d: tick %d is %x", r.Partition, seen[r.Partition], r.Value)
				}
			}
			if len(seen) != partitions {
				t.Errorf("%v", seen)
			}
			if commits := faulty.GroupInfo("g").Commits["in"]; len(commits) != partitions {
				t.Errorf("ticks without offsets: %v", commits)
			}
		})
	}
}

// leaping is a clock that is a second further at each look.
type leaping struct {
	clock.Wall
	looks *atomic.Int64
}

func (l leaping) Now() time.Time { return time.Unix(l.looks.Add(1), 0) }

// TestPartitionWithRecordsHasNoTick has ticks become due while records come in.
func TestPartitionWithRecordsHasNoTick(t *testing.T) {
	t.Parallel()
	_, cluster := brokers(t, []string{"in", "out", "state"})
	cfg := transformerConfig("g")
	cfg.TickInterval, cfg.Clock = time.Second, leaping{looks: new(atomic.Int64)}
	var busy [partitions]atomic.Bool
	var together atomic.Int64
	tr := newTransformer(t, cluster, cfg, func(ctx context.Context, b kafka.Batch, c *counting) ([]*kgo.Record, error) {
		if !busy[b.Partition].CompareAndSwap(false, true) {
			together.Add(1)
			return nil, nil // it would spoil the state
		}
		defer busy[b.Partition].Store(false)
		time.Sleep(2 * time.Millisecond) // of work, for another call to come into
		return number(ctx, b, c)
	})
	running(t, tr.Run)
	feed(t, cluster, 0, 500)
	within(t, 10*time.Second, "all records", func() bool { return tr.Stats().Records == 500 })
	if n := together.Load(); n > 0 {
		t.Errorf("the handler was called %d times while it was busy with the same partition", n)
	}
}

type refusing struct{ kafka.Stateless }

func (refusing) Restore(iter.Seq2[[]byte, []byte]) error { return errOops }

func TestStateThatCannotBeRestoredEndsTheRun(t *testing.T) {
	t.Parallel()
	_, cluster := brokers(t, []string{"in", "state"})
	nothing := func(context.Context, kafka.Batch, refusing) ([]*kgo.Record, error) { return nil, nil }
	tr, err := kafka.NewTransformer(cluster, transformerConfig("g"), func(int32) refusing { return refusing{} }, nothing)
	if err != nil {
		t.Fatal(err)
	}
	if err := tr.Run(t.Context()); !errors.Is(err, errOops) {
		t.Fatal(err)
	}
	cfg := transformerConfig("h")
	cfg.StateTopic = "none"
	if err := newTransformer(t, cluster, cfg, number).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "none") {
		t.Fatal(err)
	}
}

// TestStateTopicThatIsAwayIsWaitedFor has a broker answer once that the state's
// topic has no leaders now.
func TestStateTopicThatIsAwayIsWaitedFor(t *testing.T) {
	t.Parallel()
	faulty, cluster := brokers(t, []string{"in", "out", "state"})
	var asked atomic.Int64
	faulty.ControlKey(int16(kmsg.Metadata), func(in kmsg.Request) (kmsg.Response, error, bool) {
		faulty.KeepControl()
		req := in.(*kmsg.MetadataRequest)
		if len(req.Topics) != 1 || *req.Topics[0].Topic != "state" || asked.Add(1) > 1 {
			return nil, nil, false
		}
		resp := req.ResponseKind().(*kmsg.MetadataResponse)
		topic := kmsg.NewMetadataResponseTopic()
		topic.Topic, topic.ErrorCode = req.Topics[0].Topic, kerr.LeaderNotAvailable.Code
		resp.Topics = append(resp.Topics, topic)
		return resp, nil, true
	})
	tr := newTransformer(t, cluster, transformerConfig("g"), number)
	stop := running(t, tr.Run)
	feed(t, cluster, 0, 100)
	within(t, 10*time.Second, "all records", func() bool { return tr.Stats().Records == 100 })
	if err := stop(); err != nil || asked.Load() < 2 {
		t.Fatalf("asked %d times: %v", asked.Load(), err)
	}
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	faulty, cluster := brokers(t, []string{"in"}, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "cab", "secret"))
	cluster.User, cluster.Password = "cab", "secret"
	feed(t, cluster, 0, 10)
	if n := len(drain(t, cluster, "in")); n != 10 {
		t.Fatalf("%d records", n)
	}
	// Kafka says so when a password is wrong; these brokers just hang up.
	faulty.ControlKey(int16(kmsg.SASLAuthenticate), func(req kmsg.Request) (kmsg.Response, error, bool) {
		faulty.KeepControl()
		resp := req.ResponseKind().(*kmsg.SASLAuthenticateResponse)
		resp.ErrorCode = kerr.SaslAuthenticationFailed.Code
		return resp, nil, true
	})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c := newConsumer(t, cluster, consumerConfig("g"), newHeard().handle)
	if err := c.Run(ctx); !errors.Is(err, kerr.SaslAuthenticationFailed) {
		t.Fatal("a wrong password consumes")
	}
	p := newProducer(t, cluster, kafka.ProducerConfig{Topic: "in"})
	if err := p.Run(ctx); !errors.Is(err, kerr.SaslAuthenticationFailed) {
		t.Fatal("a wrong password produces")
	}
	if err := newTransformer(t, cluster, transformerConfig("g"), number).Run(ctx); !errors.Is(err, kerr.SaslAuthenticationFailed) {
		t.Fatal("a wrong password transforms")
	}
}
