package kafka_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"golang.org/x/sync/errgroup"

	"github.com/weirstream/weir/platform/kafka"
)

func newProducer(t tb, cluster kafka.Cluster, cfg kafka.ProducerConfig, opts ...kgo.Opt) *kafka.Producer {
	t.Helper()
	p, err := kafka.NewProducer(cluster, cfg, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestLostAnswersDoNotDuplicate has the brokers write batches and answer that
// they timed out.
func TestLostAnswersDoNotDuplicate(t *testing.T) {
	t.Parallel()
	for _, compression := range []kafka.Compression{kafka.Zstd, kafka.LZ4, kafka.Uncompressed} {
		t.Run(string(compression), func(t *testing.T) {
			t.Parallel()
			faulty, cluster := brokers(t, []string{"in"})
			fault := faulty.Fault(
				kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "in", Err: kerr.RequestTimedOut, Count: 4},
				kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "in", Err: kerr.NotEnoughReplicasAfterAppend, Count: 4},
			)
			p := newProducer(t, cluster, kafka.ProducerConfig{Topic: "in", Compression: compression})
			stop := running(t, p.Run)
			for i := range 600 {
				if err := p.PutAsync(t.Context(), &kgo.Record{Key: fmt.Appendf(nil, "key-%d", i%keys), Value: fmt.Append(nil, i)}, nil); err != nil {
					t.Fatal(err)
				}
				if i%100 == 99 { // several batches, faulty or not
					if err := p.Put(t.Context(), &kgo.Record{Key: []byte("sync"), Value: []byte("x")}); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			if s := p.Stats(); s.Acknowledged != 606 || s.Failed != 0 || s.Buffered != 0 || fault.Hits() == 0 {
				t.Fatalf("%+v, %d faults", s, fault.Hits())
			}
			next := map[string]int{}
			records := drain(t, cluster, "in")
			for _, r := range records {
				if string(r.Key) == "sync" {
					continue
				}
				want := next[string(r.Key)]
				next[string(r.Key)]++
				if got := fmt.Sprintf("%d", want*keys+keyNumber(string(r.Key))); string(r.Value) != got {
					t.Fatalf("%s has %s, want %s", r.Key, r.Value, got)
				}
			}
			if len(records) != 606 {
				t.Fatalf("%d records", len(records))
			}
		})
	}
}

func keyNumber(key string) (n int) {
	_, _ = fmt.Sscanf(key, "key-%d", &n)
	return n
}

func TestFullBufferBlocksAndRecordsExpire(t *testing.T) {
	t.Parallel()
	faulty, cluster := brokers(t, []string{"in"})
	fault := faulty.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "in", Err: kerr.NotEnoughReplicas, Count: -1})
	p := newProducer(t, cluster, kafka.ProducerConfig{Topic: "in", BufferRecordsMax: 10, RecordTTL: time.Second})
	running(t, p.Run)
	results := make(chan error, 10)
	for range 10 {
		if err := p.PutAsync(t.Context(), &kgo.Record{Key: []byte("a")}, func(_ *kgo.Record, err error) { results <- err }); err != nil {
			t.Fatal(err)
		}
	}
	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := p.PutAsync(short, &kgo.Record{Key: []byte("a")}, nil); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "on in") {
		t.Fatalf("a full buffer answers %v", err)
	}
	for range 10 {
		e, ok := errors.AsType[*kafka.ProduceError](<-results)
		if !ok || !e.Retriable || e.Topic != "in" || !errors.Is(e, kgo.ErrRecordTimeout) {
			t.Fatalf("%v", e)
		}
	}
	fault.Remove()
	if err := p.Put(t.Context(), &kgo.Record{Key: []byte("a")}); err != nil {
		t.Fatal(err)
	}
	if s := p.Stats(); s.Accepted != 11 || s.Failed != 10 || s.Acknowledged != 1 {
		t.Fatalf("%+v", s)
	}
}

// TestGivenUpAndYetWritten has the answer of a written batch lost and the
// brokers refuse the retries until the record is given up. The next record must
// not pass for that one sent again, which brokers acknowledge and do not write:
// with franz-go before 1.22.2 it did (its issue 1484).
func TestGivenUpAndYetWritten(t *testing.T) {
	t.Parallel()
	faulty, cluster := brokers(t, []string{"in"})
	var once sync.Once
	var refusals *kfake.FaultHandle
	p, err := kafka.NewProducer(cluster, kafka.ProducerConfig{Topic: "in", RecordTTL: time.Second}, kgo.Dialer(losing(func() {
		once.Do(func() {
			refusals = faulty.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "in", Err: kerr.NotEnoughReplicas, Count: -1})
		})
	})))
	if err != nil {
		t.Fatal(err)
	}
	running(t, p.Run)
	if err := p.Put(t.Context(), &kgo.Record{Key: []byte("a"), Value: []byte("given up")}); !errors.Is(err, kgo.ErrRecordTimeout) {
		t.Fatalf("want a time-out, got %v", err)
	}
	refusals.Remove()
	if err := p.Put(t.Context(), &kgo.Record{Key: []byte("a"), Value: []byte("acknowledged")}); err != nil {
		t.Fatal(err)
	}
	var values []string
	for _, r := range drain(t, cluster, "in") {
		values = append(values, string(r.Value))
	}
	if !slices.Equal(values, []string{"given up", "acknowledged"}) {
		t.Fatalf("on the topic are %q", values)
	}
}

// losing dials connections on which the answer to the first batch is lost once
// it is there, after then has been called.
func losing(then func()) func(context.Context, string, string) (net.Conn, error) {
	var produced atomic.Bool
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		return &deafConn{Conn: conn, produced: &produced, then: then}, err
	}
}

// deafConn ends when the answer to the first produce request of all arrives.
type deafConn struct {
	net.Conn
	produced *atomic.Bool // on any connection
	deaf     atomic.Bool
	then     func()
}

func (c *deafConn) Write(p []byte) (int, error) {
	if kmsg.Key(binary.BigEndian.Uint16(p[4:])) == kmsg.Produce && c.produced.CompareAndSwap(false, true) { // behind the length
		c.deaf.Store(true)
	}
	return c.Conn.Write(p)
}

func (c *deafConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.deaf.Load() {
		c.then()
		return 0, io.EOF
	}
	return n, err
}

func TestProducerErrorsAreTyped(t *testing.T) {
	t.Parallel()
	_, cluster := brokers(t, []string{"in"})
	p := newProducer(t, cluster, kafka.ProducerConfig{RecordTTL: 2 * time.Second})
	stop := running(t, p.Run)
	for name, record := range map[string]*kgo.Record{
		"no such topic":     {Topic: "none"},
		"too large":         {Topic: "in", Value: make([]byte, 2<<20)},
		"no such partition": kafka.ToPartition(&kgo.Record{Topic: "in"}, 6),
	} {
		err := p.Put(t.Context(), record)
		if e, ok := errors.AsType[*kafka.ProduceError](err); !ok || e.Topic != record.Topic || (e.Retriable && name != "no such partition") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for partition := range int32(partitions) {
		r := kafka.ToPartition(&kgo.Record{Topic: "in", Key: []byte("same")}, partition)
		if err := p.Put(t.Context(), r); err != nil || r.Partition != partition {
			t.Errorf("partition %d of %d: %v", r.Partition, partition, err)
		}
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if err := p.Put(t.Context(), &kgo.Record{Topic: "in"}); !errors.Is(err, kafka.ErrStopped) {
		t.Errorf("after the end: %v", err)
	}
}

func TestStopFlushes(t *testing.T) {
	t.Parallel()
	_, cluster := brokers(t, []string{"in"})
	p := newProducer(t, cluster, kafka.ProducerConfig{Topic: "in", LingerMax: time.Minute, RecordTTL: 2 * time.Minute})
	stop := running(t, p.Run)
	var settled atomic.Int64
	for range 500 {
		if err := p.PutAsync(t.Context(), &kgo.Record{Value: []byte("x")}, func(_ *kgo.Record, err error) {
			if err == nil {
				settled.Add(1)
			}
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := stop(); err != nil || settled.Load() != 500 {
		t.Fatalf("%v, %d settled", err, settled.Load())
	}
}

// buffering hears of each record before the client holds it.
type buffering func()

func (b buffering) OnProduceRecordBuffered(*kgo.Record) { b() }

// TestStopWaitsForTheLastCallback has a record reach the client after a stop's
// first flush, as often as it takes for it to be acknowledged before the next.
func TestStopWaitsForTheLastCallback(t *testing.T) {
	t.Parallel()
	_, cluster := brokers(t, []string{"in"})
	for range 20 {
		late, goOn := make(chan struct{}), make(chan struct{})
		var held atomic.Bool
		p := newProducer(t, cluster, kafka.ProducerConfig{Topic: "in", LingerMax: -1}, kgo.WithHooks(buffering(func() {
			if held.Load() {
				close(late)
				<-goOn
			}
		})))
		stop := running(t, p.Run)
		for range partitions { // connections to all brokers
			if err := p.Put(t.Context(), &kgo.Record{Value: []byte("x")}); err != nil {
				t.Fatal(err)
			}
		}
		held.Store(true)
		var called atomic.Bool
		go func() {
			_ = p.PutAsync(t.Context(), &kgo.Record{Value: []byte("x")}, func(*kgo.Record, error) {
				time.Sleep(20 * time.Millisecond) // a stop that does not wait returns within
				called.Store(true)
			})
		}()
		<-late
		time.AfterFunc(3*time.Millisecond, func() { close(goOn) })
		if err := stop(); err != nil || !called.Load() {
			t.Fatalf("%v, called: %v", err, called.Load())
		}
	}
}

func TestConfigsNameEveryProblem(t *testing.T) {
	t.Parallel()
	_, err := kafka.NewProducer(kafka.Cluster{Seeds: []string{"nowhere", "host:0"}, User: "u"},
		kafka.ProducerConfig{Compression: "brotli", BufferRecordsMax: -1, RecordTTL: time.Millisecond})
	for _, part := range []string{`"nowhere"`, `"host:0"`, "Password", "brotli", "BufferRecordsMax", "RecordTTL"} {
		if !strings.Contains(fmt.Sprint(err), part) {
			t.Errorf("%v does not name %s", err, part)
		}
	}
	_, err = kafka.NewConsumer(kafka.Cluster{}, kafka.ConsumerConfig{HandOverMax: time.Hour, Member: kafka.Member{Heartbeat: time.Minute}}, nil)
	for _, part := range []string{"Seeds", "Group", "Topics", "HandOverMax", "Heartbeat"} {
		if !strings.Contains(fmt.Sprint(err), part) {
			t.Errorf("%v does not name %s", err, part)
		}
	}
	_, err = kafka.NewTransformer(kafka.Cluster{}, kafka.TransformerConfig{StateTopic: "x", TransactionMax: time.Hour, CommitInterval: -1}, newCounting, number)
	for _, part := range []string{"Seeds", "Group", "Topic is empty", "TransactionMax", "negative"} {
		if !strings.Contains(fmt.Sprint(err), part) {
			t.Errorf("%v does not name %s", err, part)
		}
	}
}

func TestManyWaitForLittleRoom(t *testing.T) {
	t.Parallel()
	_, cluster := brokers(t, []string{"in"})
	p := newProducer(t, cluster, kafka.ProducerConfig{Topic: "in", BufferRecordsMax: 3, BufferBytesMax: 100, LingerMax: time.Minute, RecordTTL: 2 * time.Minute})
	stop := running(t, p.Run)
	group, ctx := errgroup.WithContext(t.Context())
	for range 8 {
		group.Go(func() error {
			for i := range 200 {
				if err := p.PutAsync(ctx, &kgo.Record{Value: make([]byte, i)}, nil); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if s := p.Stats(); s.Accepted != 1600 || s.Acknowledged != 1600 || s.Buffered != 0 || s.Bytes != 8*199*100 {
		t.Fatalf("%+v", s)
	}
}
