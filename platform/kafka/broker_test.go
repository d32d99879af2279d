package kafka_test

import (
	"context"
	"errors"
	"flag"
	"net"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/goleak"

	cloudkafka "github.com/weirstream/weir/platform/cloud/kafka"
	"github.com/weirstream/weir/platform/kafka"
)

func TestMain(m *testing.M) {
	// A storm takes seconds; -rapid.checks asks for more of them.
	if err := flag.Set("rapid.checks", "5"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// tb is what tests, benchmarks and properties have in common.
type tb interface {
	Helper()
	Cleanup(func())
	Context() context.Context
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// brokers starts three brokers with the topics, six partitions each.
func brokers(t tb, topics []string, opts ...kfake.Opt) (*kfake.Cluster, kafka.Cluster) {
	t.Helper()
	opts = append([]kfake.Opt{
		kfake.ListenFn(listen),
		kfake.NumBrokers(3), kfake.SeedTopics(partitions, topics...), kfake.GroupMinSessionTimeout(100 * time.Millisecond),
		kfake.BrokerConfigs(map[string]string{"group.consumer.session.timeout.ms": "1000", "group.consumer.heartbeat.interval.ms": "50"}),
	}, opts...)
	c, err := kfake.NewCluster(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, kafka.Cluster{Seeds: c.ListenAddrs()}
}

const partitions = 6

func listen(network, address string) (net.Listener, error) {
	l, err := net.Listen(network, address)
	if err != nil {
		return nil, err
	}
	return cloudkafka.Guard(l), nil
}

// running runs run until the test ends or stop is called, which waits for it.
func running(t tb, run func(context.Context) error) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx) }()
	var result error
	stopped := false
	stop = func() error {
		if !stopped {
			stopped = true
			cancel()
			result = <-ended
		}
		return result
	}
	t.Cleanup(func() { _ = stop() })
	return stop
}

// drain reads what lies in the topic now, committed records only.
func drain(t tb, cluster kafka.Cluster, topic string) []*kgo.Record {
	t.Helper()
	records, err := kafka.ReadAll(t.Context(), cluster, topic)
	if err != nil {
		t.Fatal(err)
	}
	return records
}

// within fails the test if cond does not come true in time.
func within(t tb, most time.Duration, what string, cond func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), most)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !cond() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("not within %v: %s", most, what)
		}
	}
}

var errOops = errors.New("oops")
