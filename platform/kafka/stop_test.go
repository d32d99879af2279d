package kafka_test

import (
	"context"
	"net"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/kafka"
)

// silence is a network that loses all that is sent from some instant on, and
// says nothing of it.
type silence struct{ begun atomic.Bool }

func (s *silence) dial(ctx context.Context, network, host string) (net.Conn, error) {
	if s.begun.Load() {
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
		return nil, os.ErrDeadlineExceeded
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, network, host)
	return &silenced{Conn: conn, by: s, ended: make(chan struct{})}, err
}

type silenced struct {
	net.Conn
	by       *silence
	deadline atomic.Pointer[time.Time]
	closed   atomic.Bool
	ended    chan struct{} // closed by Close
}

func (c *silenced) Close() error {
	if c.closed.CompareAndSwap(false, true) {
		close(c.ended)
	}
	return c.Conn.Close()
}

func (c *silenced) SetReadDeadline(t time.Time) error {
	c.deadline.Store(&t)
	return c.Conn.SetReadDeadline(t)
}

func (c *silenced) Write(b []byte) (int, error) {
	if c.by.begun.Load() {
		return len(b), nil
	}
	return c.Conn.Write(b)
}

func (c *silenced) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if !c.by.begun.Load() {
		return n, err
	}
	var late <-chan time.Time
	if d := c.deadline.Load(); d != nil && !d.IsZero() {
		late = time.After(time.Until(*d))
	}
	select {
	case <-c.ended:
		return 0, net.ErrClosed
	case <-late:
		return 0, os.ErrDeadlineExceeded
	}
}

// TestStopEndsThoughNoBrokerAnswers has the network go silent before a stop.
func TestStopEndsThoughNoBrokerAnswers(t *testing.T) {
	t.Parallel()
	const all = 100
	parts := map[string]func(t *testing.T, cluster kafka.Cluster, s *silence) (run func(context.Context) error, handled func() bool){
		"consumer": func(t *testing.T, cluster kafka.Cluster, s *silence) (func(context.Context) error, func() bool) {
			cfg := consumerConfig("g")
			cfg.Member.SessionTimeout, cfg.Member.RebalanceTimeout, cfg.CommitInterval = 45*time.Second, time.Minute, time.Hour
			c, err := kafka.NewConsumer(cluster, cfg, newHeard().handle, kgo.Dialer(s.dial))
			if err != nil {
				t.Fatal(err)
			}
			return c.Run, func() bool { return c.Stats().Records == all }
		},
		"open transaction": func(t *testing.T, cluster kafka.Cluster, s *silence) (func(context.Context) error, func() bool) {
			return silencedTransformer(t, cluster, s, all, 1)
		},
		"full buffer": func(t *testing.T, cluster kafka.Cluster, s *silence) (func(context.Context) error, func() bool) {
			return silencedTransformer(t, cluster, s, 1, 100_001)
		},
	}
	for name, part := range parts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, cluster := brokers(t, []string{"in", "out", "state"})
			s := &silence{}
			run, handled := part(t, cluster, s)
			ctx, stop := context.WithCancel(t.Context())
			defer stop()
			ended := make(chan error, 1)
			go func() { ended <- run(ctx) }()
			feed(t, cluster, 0, all)
			within(t, 10*time.Second, "all records", handled)
			s.begun.Store(true)
			stop()
			select {
			case err := <-ended:
				if err != nil {
					t.Error(err)
				}
			case <-time.After(25 * time.Second):
				t.Fatal("it goes on")
			}
		})
	}
}

// silencedTransformer puts so many outputs for each batch. It is silenced when
// it has seen so many records that handled says so, with its transaction open.
func silencedTransformer(t *testing.T, cluster kafka.Cluster, s *silence, records, outputs int) (run func(context.Context) error, handled func() bool) {
	cfg := transformerConfig("g")
	cfg.Member.SessionTimeout, cfg.Member.RebalanceTimeout = 45*time.Second, 2*time.Minute
	cfg.StopMax, cfg.TransactionMax, cfg.CommitInterval = time.Second, time.Minute, time.Minute
	var seen atomic.Int64
	tr := newTransformer(t, cluster, cfg, func(_ context.Context, b kafka.Batch, _ *counting) ([]*kgo.Record, error) {
		all := make([]*kgo.Record, 0, outputs)
		for range outputs {
			all = append(all, &kgo.Record{Topic: "out", Value: []byte("x")})
		}
		if outputs > 1 {
			s.begun.Store(true) // before the client has room for more
		}
		seen.Add(int64(len(b.Records)))
		return all, nil
	}, kgo.Dialer(s.dial))
	return tr.Run, func() bool { return seen.Load() >= int64(records) }
}
