package kafka

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/plain"

	"github.com/weirstream/weir/platform/clock"
)

// brokers is how many the cluster has, one in each zone of a region.
const brokers = 3

// cluster is the running brokers.
type cluster struct {
	*kfake.Cluster
	user, password string
	dir            string
	durable        bool // dir is kept
	gates          []*gate
	wall           clock.Clock
	log            *slog.Logger

	held      sync.Mutex       // while requests are held up
	compacted map[string]int64 // topic: how many records its partitions had got when it was last compacted

	ending sync.RWMutex
	ended  bool

	mu      sync.Mutex
	gone    map[int32]bool     // brokers that a fault took away
	starved *kfake.FaultHandle // refuses acks=all while too few are left
}

// defaults are MSK's, where Apache Kafka's differ. Compaction by kfake's own
// timer is put off for ten years: see compact.
func defaults() map[string]string {
	return map[string]string{
		"auto.create.topics.enable": "false", "unclean.leader.election.enable": "true",
		"default.replication.factor": "3", "min.insync.replicas": "2", "num.partitions": "1",
		"num.io.threads": "8", "num.network.threads": "5", "num.replica.fetchers": "2", "replica.lag.time.max.ms": "30000",
		"log.cleaner.backoff.ms": "315360000000",
	}
}

func openCluster(cfg Config) (_ *cluster, err error) {
	c := &cluster{
		user: cfg.User, password: cfg.Password, dir: cfg.Dir, durable: cfg.Dir != "",
		wall: cfg.Wall, log: cfg.Log, compacted: map[string]int64{}, gone: map[int32]bool{},
	}
	old, err := c.takeDir()
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.release())
		}
	}()
	if c.gates, err = openGates(cfg, c.amend); err != nil {
		return nil, err
	}
	id := identity(cfg)
	options := []kfake.Opt{
		kfake.Ports(c.ports()...), kfake.ListenFn(c.listen),
		kfake.ClusterID(base64.RawURLEncoding.EncodeToString(id[:])),
		kfake.DataDir(c.dir), kfake.WithLogger(logger{cfg.Log}),
		kfake.DefaultNumPartitions(1), kfake.BrokerConfigs(defaults()),
		kfake.EnableSASL(), kfake.EnableACLs(),
		kfake.Superuser(mechanismPlain, c.user, c.password), kfake.Superuser(mechanismScram, c.user, c.password),
	}
	if c.durable {
		options = append(options, kfake.SyncWrites())
	}
	c.ending.Lock() // connections may come before it returns
	c.Cluster, err = kfake.NewCluster(options...)
	c.ended = err != nil
	c.ending.Unlock()
	if err != nil {
		return nil, fmt.Errorf("start the brokers: %w", err)
	}
	for _, key := range []kmsg.Key{kmsg.ListGroups, kmsg.DescribeUserSCRAMCredentials} {
		c.ControlKey(int16(key), func(request kmsg.Request) (kmsg.Response, error, bool) {
			respell(request)
			return nil, nil, false // kfake answers
		})
	}
	if old {
		return c, c.renewRoot()
	}
	return c, nil
}

const (
	mechanismPlain = "PLAIN"
	mechanismScram = "SCRAM-SHA-512"
)

// takeDir makes the directory ready; old tells that it holds a cluster already.
func (c *cluster) takeDir() (old bool, err error) {
	if !c.durable {
		c.dir, err = os.MkdirTemp("", "weir-kafka-")
		return false, err
	}
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return false, err
	}
	if err := unshelter(c.dir); err != nil {
		return false, fmt.Errorf("bring back what a compaction was at work on: %w", err)
	}
	return forgetPlain(filepath.Join(c.dir, "sasl.json"))
}

// renewRoot gives the root of a cluster that was kept the password it has now.
func (c *cluster) renewRoot() error {
	client, err := c.client()
	if err != nil {
		return err
	}
	defer client.Close()
	_, err = kadm.NewClient(client).AlterUserSCRAMs(context.Background(), nil, []kadm.UpsertSCRAM{{
		User: c.user, Mechanism: kadm.ScramSha512, Iterations: 4096, Password: c.password,
	}})
	if err != nil {
		return fmt.Errorf("renew the root's password: %w", err)
	}
	return nil
}

// client speaks to the brokers as root, without a network between them.
func (c *cluster) client() (*kgo.Client, error) {
	return kgo.NewClient(
		kgo.SeedBrokers(c.addresses()...), kgo.SASL(plain.Auth{User: c.user, Pass: c.password}.AsMechanism()),
		kgo.Dialer(func(_ context.Context, _, address string) (net.Conn, error) {
			for _, g := range c.gates {
				if g.address == address {
					return g.pipe()
				}
			}
			return nil, fmt.Errorf("no broker at %s", address)
		}),
	)
}

func (c *cluster) ports() (ports []int) {
	for _, g := range c.gates {
		ports = append(ports, g.port())
	}
	return ports
}

// addresses leaves out brokers that are gone, as MSK does in time.
func (c *cluster) addresses() (addresses []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, g := range c.gates {
		if !c.gone[int32(id)] {
			addresses = append(addresses, g.address)
		}
	}
	return addresses
}

// listen gives a broker that comes up, or back, its gate.
func (c *cluster) listen(_, address string) (net.Listener, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	for _, g := range c.gates {
		if fmt.Sprint(g.port()) == port {
			return g.open(), nil
		}
	}
	return nil, fmt.Errorf("no broker has port %s", port)
}

// alive calls fn while the brokers cannot end, after which kfake would not answer it.
func (c *cluster) alive(fn func() error) error {
	c.ending.RLock()
	defer c.ending.RUnlock()
	if c.ended {
		return ErrClosed
	}
	return fn()
}

// close ends the brokers and waits for their connections.
func (c *cluster) close() error {
	c.held.Lock() // a compaction is finished first
	defer c.held.Unlock()
	c.ending.Lock()
	defer c.ending.Unlock()
	c.ended = true
	c.Close()
	return c.release()
}

// release gives back what there is without brokers.
func (c *cluster) release() error {
	for _, g := range c.gates {
		g.close()
	}
	if c.durable {
		return nil
	}
	return os.RemoveAll(c.dir)
}

// logger hands kfake's lines on; what single clients do wrong is for debugging.
type logger struct{ log *slog.Logger }

// Logf implements kfake.Logger.
func (l logger) Logf(level kfake.LogLevel, format string, args ...any) {
	at := slog.LevelDebug
	switch level {
	case kfake.LogLevelError:
		at = slog.LevelError
	case kfake.LogLevelWarn:
		if at = slog.LevelWarn; strings.HasPrefix(format, "txn: EndTxn slow") {
			at = slog.LevelDebug // the syncs of a durable cluster
		}
	}
	if l.log.Enabled(context.Background(), at) {
		l.log.Log(context.Background(), at, "kafka: "+fmt.Sprintf(format, args...))
	}
}

// note remembers how far topics were compacted.
func (c *cluster) note(records map[string]int64) { maps.Copy(c.compacted, records) }
