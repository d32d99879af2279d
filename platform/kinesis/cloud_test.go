package kinesis_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/kinesis"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud"
	"github.com/weirstream/weir/platform/cloud/cloudtest"
	"github.com/weirstream/weir/platform/kinesis"
)

func runUntilCleanup(tb testing.TB, run func(ctx context.Context) error) {
	tb.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			tb.Errorf("run: %v", err)
		}
	})
}

// dialer can cut every connection it made, as a network loss does.
type dialer struct {
	mu    sync.Mutex
	conns []net.Conn
}

func (d *dialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.conns = append(d.conns, conn)
	return conn, err
}

func (d *dialer) cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.conns {
		_ = c.Close()
	}
	d.conns = nil
}

func client(tb testing.TB, c *cloud.Cloud, d *dialer) *sdk.Client {
	tb.Helper()
	transport := &http.Transport{DialContext: d.dial, MaxIdleConnsPerHost: 16}
	tb.Cleanup(transport.CloseIdleConnections)
	return sdk.New(sdk.Options{
		Region:       "us-east-1",
		BaseEndpoint: aws.String(c.Endpoint()),
		Credentials:  credentials.NewStaticCredentialsProvider("test", "test", ""),
		HTTPClient:   &http.Client{Transport: transport},
	})
}

func newStream(tb testing.TB, api *sdk.Client, shards int32) (name string) {
	tb.Helper()
	name = "s"
	if _, err := api.CreateStream(tb.Context(), &sdk.CreateStreamInput{StreamName: &name, ShardCount: &shards}); err != nil {
		tb.Fatal(err)
	}
	untilActive(tb, api, name)
	return name
}

func untilActive(tb testing.TB, api *sdk.Client, name string) {
	tb.Helper()
	waiter := sdk.NewStreamExistsWaiter(api, func(o *sdk.StreamExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 5*time.Millisecond, 50*time.Millisecond
	})
	if err := waiter.Wait(tb.Context(), &sdk.DescribeStreamInput{StreamName: &name}, 20*time.Second); err != nil {
		tb.Fatal(err)
	}
}

// tally collects what a consumer hands over and tells when n distinct records are there.
type tally struct {
	n    int
	full chan struct{}

	mu      sync.Mutex
	seen    map[string]bool
	byKey   map[string][]string // first deliveries
	repeats int
}

func newTally(n int) *tally {
	return &tally{n: n, full: make(chan struct{}), seen: map[string]bool{}, byKey: map[string][]string{}}
}

func (c *tally) handle(_ context.Context, b kinesis.Batch) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range b.Records {
		data := string(r.Data)
		if c.seen[data] {
			c.repeats++
			continue
		}
		c.seen[data] = true
		c.byKey[r.PartitionKey] = append(c.byKey[r.PartitionKey], data)
		if len(c.seen) == c.n {
			close(c.full)
		}
	}
	return nil
}

// check waits for all records and looks at their order.
func (c *tally) check(t *testing.T, most time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), most)
	defer cancel()
	select {
	case <-c.full:
	case <-ctx.Done():
		c.mu.Lock()
		defer c.mu.Unlock()
		t.Fatalf("%d of %d records within %v", len(c.seen), c.n, most)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, datas := range c.byKey {
		if !slices.IsSorted(datas) {
			t.Errorf("key %s out of order", key)
		}
	}
}

func start(t *testing.T, api kinesis.API, cfg kinesis.ConsumerConfig, handle func(context.Context, kinesis.Batch) error) *kinesis.Consumer {
	t.Helper()
	c, err := kinesis.NewConsumer(api, cfg, handle)
	if err != nil {
		t.Fatal(err)
	}
	runUntilCleanup(t, c.Run)
	return c
}

// TestReshardsOnTheCloud splits and merges a real endpoint's stream under load.
func TestReshardsOnTheCloud(t *testing.T) {
	t.Parallel()
	for name, consumer := range map[string]string{"polling": "", "fan-out": "app"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const records, keys = 3000, 20
			c := cloudtest.Run(t, cloud.Config{QuotasOff: true})
			api := client(t, c, &dialer{})
			stream := newStream(t, api, 2)
			got := newTally(records)
			reader := start(t, client(t, c, &dialer{}), kinesis.ConsumerConfig{
				Stream: stream, ConsumerName: consumer, Start: kinesis.Position{Type: kinesis.Latest},
				PollInterval: 10 * time.Millisecond, Checkpoints: kinesis.NewMemoryCheckpoints(),
			}, got.handle)
			select {
			case <-reader.Ready():
			case <-t.Context().Done():
				t.Fatal("consumer never ready")
			}
			p, err := kinesis.NewProducer(api, kinesis.ProducerConfig{Stream: stream, OrderPerKey: true})
			if err != nil {
				t.Fatal(err)
			}
			runUntilCleanup(t, p.Run)
			for i := range records {
				r := kinesis.Record{PartitionKey: fmt.Sprint(i % keys), Data: fmt.Appendf(nil, "%06d", i)}
				err := p.PutAsync(t.Context(), r, func(_ kinesis.Receipt, err error) {
					if err != nil {
						t.Errorf("record %d: %v", i, err)
					}
				})
				if err != nil {
					t.Fatal(err)
				}
				switch i {
				case 500:
					split(t, api, stream, "shardId-000000000000")
				case 1200:
					split(t, api, stream, "shardId-000000000001")
				case 2000:
					merge(t, api, stream, "shardId-000000000003", "shardId-000000000004")
				}
			}
			got.check(t, 30*time.Second)
		})
	}
}

func split(t *testing.T, api *sdk.Client, stream, shard string) {
	t.Helper()
	out, err := api.ListShards(t.Context(), &sdk.ListShardsInput{StreamName: &stream})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range out.Shards {
		if *s.ShardId == shard {
			at := middle(*s.HashKeyRange.StartingHashKey, *s.HashKeyRange.EndingHashKey)
			if _, err := api.SplitShard(t.Context(), &sdk.SplitShardInput{StreamName: &stream, ShardToSplit: &shard, NewStartingHashKey: &at}); err != nil {
				t.Fatal(err)
			}
		}
	}
	untilActive(t, api, stream)
}

func merge(t *testing.T, api *sdk.Client, stream, shard, with string) {
	t.Helper()
	if _, err := api.MergeShards(t.Context(), &sdk.MergeShardsInput{StreamName: &stream, ShardToMerge: &shard, AdjacentShardToMerge: &with}); err != nil {
		t.Fatal(err)
	}
	untilActive(t, api, stream)
}

// TestFanOutAcrossBrokenSubscriptions cuts every connection several times
// while 10,000 records flow, quotas on: puts are throttled, and a subscription
// is refused within five seconds of the last. Cloud and clients live ten times
// faster than the wall, so that those take half a second.
func TestFanOutAcrossBrokenSubscriptions(t *testing.T) {
	t.Parallel()
	const records, cuts = 10_000, 3
	now := clock.Wall{}.Now()
	fast := clock.Simulated{Epoch: now, Origin: now, Speed: 10}
	c := cloudtest.Run(t, cloud.Config{Wall: fast})
	api := client(t, c, &dialer{})
	stream := newStream(t, api, 2)
	lines := &dialer{}
	got := newTally(records)
	reader := start(t, client(t, c, lines), kinesis.ConsumerConfig{
		Stream: stream, ConsumerName: "app", Clock: fast, Checkpoints: kinesis.NewMemoryCheckpoints(),
	}, got.handle)
	<-reader.Ready()
	p, err := kinesis.NewProducer(api, kinesis.ProducerConfig{Stream: stream, OrderPerKey: true, Clock: fast, RecordTTL: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	runUntilCleanup(t, p.Run)
	for i := range records {
		r := kinesis.Record{PartitionKey: fmt.Sprint(i % 500), Data: fmt.Appendf(nil, "%06d", i)}
		err := p.PutAsync(t.Context(), r, func(_ kinesis.Receipt, err error) {
			if err != nil {
				t.Errorf("record %d: %v", i, err)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if i%(records/cuts) == records/cuts/2 {
			subscribed := reader.Stats().Subscriptions
			lines.cut()
			for reader.Stats().Subscriptions < subscribed+2 { // both shards again
				if err := fast.Sleep(t.Context(), 100*time.Millisecond); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	got.check(t, 30*time.Second)
	if reader.Stats().Retries == 0 {
		t.Error("no subscription had to be tried again: the cuts hit nothing")
	}
	t.Logf("%+v, %d redelivered; producer %+v", reader.Stats(), got.repeats, p.Stats())
}
