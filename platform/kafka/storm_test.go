package kafka_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"pgregory.net/rapid"

	"github.com/weirstream/weir/platform/kafka"
)

// wire is a process's network. Cut, it loses what was sent and what was on its
// way back, as a kill does: nobody leaves a group or ends a transaction.
type wire struct {
	mu    sync.Mutex
	dead  bool
	conns []net.Conn
}

var errCut = errors.New("cut")

func (w *wire) dial(ctx context.Context, network, host string) (net.Conn, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.dead {
		return nil, errCut
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, network, host)
	if err == nil {
		w.conns = append(w.conns, conn)
	}
	return conn, err
}

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = true
	for _, c := range w.conns {
		c.Close()
	}
	w.conns = nil
}

func (w *wire) mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.dead = false
}

// process is a transformer that can be killed, stopped or made a zombie.
type process struct {
	t    *kafka.Transformer
	wire *wire
	stop func() error
}

func startProcess(t tb, cluster kafka.Cluster, cfg kafka.TransformerConfig) *process {
	p := &process{wire: &wire{}}
	p.t = newTransformer(t, cluster, cfg, number, kgo.Dialer(p.wire.dial), kgo.RetryTimeout(2*time.Second))
	p.stop = running(t, p.t.Run)
	return p
}

// storm draws what happens to the group while records come in.
func storm(t *rapid.T) {
	faulty, cluster := brokers(t, []string{"in", "out", "state"})
	cfg := transformerConfig("g")
	cfg.TickInterval = 5 * time.Millisecond
	cfg.Member.ServerAssigned = rapid.Bool().Draw(t, "KIP-848")
	cfg.Member.SessionTimeout, cfg.TransactionMax = time.Second, time.Second
	static := rapid.Bool().Draw(t, "static")
	fed, born := 0, 0
	start := func() *process {
		mine := cfg
		if static {
			mine.Member.InstanceID = fmt.Sprintf("p-%d", born%3)
		}
		born++
		return startProcess(t, cluster, mine)
	}
	living := []*process{start()}
	var zombies []*process
	pick := func(name string) (p *process) {
		i := rapid.IntRange(0, len(living)-1).Draw(t, name)
		p = living[i]
		living = append(living[:i:i], living[i+1:]...)
		return p
	}
	for range rapid.IntRange(4, 12).Draw(t, "steps") {
		n := rapid.IntRange(1, 300).Draw(t, "records")
		feed(t, cluster, fed, n)
		fed += n
		action := rapid.SampledFrom([]string{"none", "start", "stop", "kill", "zombie", "leader", "fault", "coordinator"}).Draw(t, "action")
		switch {
		case action == "start" && len(living) < 3:
			living = append(living, start())
		case action == "stop" && len(living) > 1:
			_ = pick("stopped").stop()
		case action == "kill" && len(living) > 0:
			p := pick("killed")
			p.wire.cut()
			living = append(living, start())
		case action == "zombie" && len(living) > 1:
			p := pick("zombie")
			p.wire.cut() // and comes back to life with its transaction
			zombies = append(zombies, p)
		case action == "leader":
			faulty.ShufflePartitionLeaders()
		case action == "coordinator":
			faulty.RehashCoordinators()
		case action == "fault":
			fault := rapid.SampledFrom([]kfake.Fault{
				{Keys: []kmsg.Key{kmsg.Produce}, Topic: "out", Err: kerr.RequestTimedOut, Count: 2},
				{Keys: []kmsg.Key{kmsg.Produce}, Topic: "state", Err: kerr.NotEnoughReplicas, Count: 2},
				{Keys: []kmsg.Key{kmsg.TxnOffsetCommit}, Err: kerr.NotCoordinator, Count: 1},
				{Keys: []kmsg.Key{kmsg.EndTxn}, Err: kerr.ConcurrentTransactions, Count: 1},
				{Keys: []kmsg.Key{kmsg.EndTxn}, Err: kerr.TransactionAbortable, Count: 1},
				{Keys: []kmsg.Key{kmsg.Fetch}, Topic: "state", Err: kerr.NotLeaderForPartition, Count: 1},
			}).Draw(t, "which")
			faulty.Fault(fault)
		}
		if len(zombies) > 0 && rapid.Bool().Draw(t, "wakes") {
			zombies[0].wire.mend()
			living = append(living, zombies[0])
			zombies = zombies[1:]
		}
	}
	for _, z := range zombies {
		z.wire.mend()
		living = append(living, z)
	}
	if !static { // static twins may have ended each other
		living = append(living, start())
	}
	for range 3 {
		living = append(living, start())
	}
	settle(t, cluster, fed, func() {
		for _, p := range living {
			t.Logf("%+v", p.t.Stats())
		}
		t.Logf("%+v", faulty.GroupInfo("g"))
	})
	for _, p := range living {
		_ = p.stop() // ErrFenced for some
	}
	if err := exactlyOnce(drain(t, cluster, "out"), fed); err != nil {
		t.Fatal(err)
	}
}

// settle waits until everything fed is committed.
func settle(t tb, cluster kafka.Cluster, fed int, explain func()) {
	deadline := time.Now().Add(30 * time.Second)
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		records, err := kafka.ReadAll(ctx, cluster, "out")
		cancel()
		if err == nil && len(records) >= fed {
			return
		}
		if time.Now().After(deadline) {
			explain()
			t.Fatalf("%d of %d outputs after 30s (%v)", len(records), fed, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestStorm is the property: whatever happens, one output per input, and state
// that agrees with it.
func TestStorm(t *testing.T) {
	t.Parallel()
	rapid.Check(t, storm)
}
