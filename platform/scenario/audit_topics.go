package scenario

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/scram"
	"golang.org/x/sync/errgroup"

	"github.com/weirstream/weir/platform/clock"
)

// Topics are Kafka topics that events of one hop end in: each event in one of
// them. Committed records are what counts.
type Topics []string

// String is what the screen calls them.
func (t Topics) String() string { return "topic " + strings.Join(t, ", ") }

func (t Topics) audit(env Env, mark marker, since time.Time) storeAudit {
	return &topicsAudit{
		marker: mark, topics: t, since: since, env: env, wall: env.Wall, log: env.Log,
		next: map[string]map[int32]int64{},
	}
}

// topicsAudit reads all partitions with a plain client, outside any group.
type topicsAudit struct {
	marker
	topics Topics
	since  time.Time
	env    Env
	wall   clock.Clock
	log    *slog.Logger

	mu   sync.Mutex
	next map[string]map[int32]int64 // offset after what was read, control records included
	tip  time.Time                  // when the last look that found nothing ahead began
}

// Run implements storeAudit.
func (a *topicsAudit) Run(ctx context.Context) error {
	brokers, err := a.env.Kafka(Auditor)
	if err != nil {
		return err
	}
	finder, err := kgo.NewClient(brokers.options()...)
	if err != nil {
		return fmt.Errorf("kafka client: %w", err)
	}
	defer finder.Close()
	admin := kadm.NewClient(finder)
	starts, err := a.begin(ctx, admin)
	if err != nil {
		return err
	}
	from := map[string]map[int32]kgo.Offset{}
	starts.Each(func(o kadm.ListedOffset) {
		if from[o.Topic] == nil {
			from[o.Topic], a.next[o.Topic] = map[int32]kgo.Offset{}, map[int32]int64{}
		}
		from[o.Topic][o.Partition], a.next[o.Topic][o.Partition] = kgo.NewOffset().At(o.Offset), o.Offset
	})
	reader, err := kgo.NewClient(append(brokers.options(),
		kgo.ConsumePartitions(from), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(),
		// Who only counts may look seldom, and take more at once.
		kgo.FetchMinBytes(256<<10), kgo.FetchMaxBytes(1<<20), kgo.FetchMaxPartitionBytes(1<<20), kgo.FetchMaxWait(auditCatchUp), kgo.WithPools(&recordPool{}))...)
	if err != nil {
		return fmt.Errorf("kafka client: %w", err)
	}
	defer reader.Close()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return a.read(ctx, reader) })
	group.Go(func() error { return a.watch(ctx, admin) })
	return group.Wait()
}

// beginMax is how long brokers may be away when the audit begins.
const beginMax = 30 * time.Second

// begin finds where to begin, in spite of brokers that go and come back meanwhile.
func (a *topicsAudit) begin(ctx context.Context, admin *kadm.Client) (kadm.ListedOffsets, error) {
	for giveUp := a.wall.Now().Add(beginMax); ; {
		starts, err := a.starts(ctx, admin)
		if err == nil || ctx.Err() != nil {
			return starts, err
		}
		if a.wall.Now().After(giveUp) {
			return nil, fmt.Errorf("find where to begin: %w", err)
		}
		a.log.Debug("audit cannot find where to begin, trying again", "error", err)
		if err := a.wall.Sleep(ctx, auditCatchUp); err != nil {
			return nil, err
		}
	}
}

// starts are where records of since and after begin. The ends are asked for
// first: a partition without such records begins at its end, which records that
// come between the two questions have moved on.
func (a *topicsAudit) starts(ctx context.Context, admin *kadm.Client) (kadm.ListedOffsets, error) {
	ends, err := admin.ListEndOffsets(ctx, a.topics...)
	if err = errors.Join(err, ends.Error()); err != nil {
		return nil, err
	}
	starts, err := admin.ListOffsetsAfterMilli(ctx, a.since.UnixMilli(), a.topics...)
	if err = errors.Join(err, starts.Error()); err != nil {
		return nil, err
	}
	starts.Each(func(o kadm.ListedOffset) {
		if end, ok := ends.Lookup(o.Topic, o.Partition); ok && end.Offset < o.Offset {
			o.Offset = end.Offset
			starts[o.Topic][o.Partition] = o
		}
	})
	return starts, nil
}

// options are what the audit's own clients need. They look soon for a partition's
// new leader, and do not wait long on one that has none left to read from, lest
// their delay seems to be the scenario's.
func (b Brokers) options() []kgo.Opt {
	const soon = 100 * time.Millisecond
	opts := []kgo.Opt{
		kgo.SeedBrokers(b.Seeds...), kgo.ClientID(b.ClientID), kgo.DisableClientMetrics(),
		kgo.MetadataMinAge(soon), kgo.RetryBackoffFn(func(int) time.Duration { return soon }), kgo.RequestRetries(100), kgo.FetchMaxWait(3 * soon),
	}
	if b.User != "" {
		opts = append(opts, kgo.SASL(scram.Auth{User: b.User, Pass: b.Password}.AsSha512Mechanism()))
	}
	if b.TLS != nil {
		opts = append(opts, kgo.DialTLSConfig(b.TLS))
	}
	return opts
}

// read marks every record until ctx ends. The client tries again by itself what
// may pass.
func (a *topicsAudit) read(ctx context.Context, reader *kgo.Client) error {
	for {
		fetches := reader.PollFetches(ctx)
		if ctx.Err() != nil {
			return nil
		}
		fetches.EachError(func(topic string, partition int32, err error) {
			a.log.Debug("audit read failed, trying again", "topic", topic, "partition", partition, "error", err)
		})
		fetches.EachPartition(func(p kgo.FetchTopicPartition) {
			for _, record := range p.Records {
				if !record.Attrs.IsControl() {
					a.mark(record.Value)
				}
			}
			if n := len(p.Records); n > 0 {
				a.mu.Lock()
				a.next[p.Topic][p.Partition] = p.Records[n-1].Offset + 1
				a.mu.Unlock()
			}
			for _, record := range p.Records {
				record.Recycle()
			}
		})
	}
}

// watch looks again and again whether anything committed is still ahead.
func (a *topicsAudit) watch(ctx context.Context, admin *kadm.Client) error {
	for {
		began := a.wall.Now()
		ends, err := admin.ListCommittedOffsets(ctx, a.topics...)
		if err = errors.Join(err, ends.Error()); err != nil {
			a.log.Debug("audit cannot find the topics' ends, trying again", "error", err)
		} else if a.reached(ends) {
			a.mu.Lock()
			a.tip = began
			a.mu.Unlock()
		}
		if err := a.wall.Sleep(ctx, auditCatchUp); err != nil {
			return nil
		}
	}
}

func (a *topicsAudit) reached(ends kadm.ListedOffsets) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := true
	ends.Each(func(end kadm.ListedOffset) {
		all = all && a.next[end.Topic][end.Partition] >= end.Offset
	})
	return all
}

func (a *topicsAudit) caughtUp(t time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.tip.After(t)
}
