package scenario

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"

	"github.com/weirstream/weir/platform/chaos"
	"github.com/weirstream/weir/platform/clock"
)

// groupWatch sees from outside how late consumer groups are: which committed
// records lie in their topics and are not done after the objective. It reads the
// topics itself, because their ends do not tell: markers of transactions, and
// records of aborted ones, are nobody's work. A nil *groupWatch watches nothing.
type groupWatch struct {
	groups []chaos.Target
	reader *kgo.Client
	wall   clock.Clock
	log    *slog.Logger

	mu      sync.Mutex
	pending map[place][]reached // of each group, the oldest first
}

// place is a partition as a group reads it.
type place struct {
	group, topic string
	partition    int32
}

// reached is the last record that a look found there.
type reached struct {
	offset int64
	at     time.Time
}

const groupLookEvery = 100 * time.Millisecond

// newGroupWatch watches the groups among targets from now on.
func newGroupWatch(env Env, targets []chaos.Target) (*groupWatch, error) {
	w := &groupWatch{wall: env.Wall, log: env.Log, pending: map[place][]reached{}}
	topics := map[string]bool{}
	for _, t := range targets {
		if t.Kind == chaos.Group && len(t.Reads) > 0 {
			w.groups = append(w.groups, t)
			for _, topic := range t.Reads {
				topics[topic] = true
			}
		}
	}
	if len(w.groups) == 0 {
		return nil, nil
	}
	brokers, err := env.Kafka(Auditor)
	if err != nil {
		return nil, err
	}
	begin := kgo.NewOffset().AfterMilli(env.Wall.Now().UnixMilli())
	w.reader, err = kgo.NewClient(append(brokers.options(), kgo.ConsumeTopics(sortedKeys(topics)...),
		kgo.ConsumeStartOffset(begin), kgo.ConsumeResetOffset(begin), kgo.FetchIsolationLevel(kgo.ReadCommitted()))...)
	if err != nil {
		return nil, fmt.Errorf("kafka client: %w", err)
	}
	return w, nil
}

// Run watches until ctx ends.
func (w *groupWatch) Run(ctx context.Context) error {
	if w == nil {
		return nil
	}
	defer w.reader.Close()
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() error { return w.read(ctx) })
	both.Go(func() error { return w.ask(ctx) })
	return both.Wait()
}

// read notes the last record of each poll.
func (w *groupWatch) read(ctx context.Context) error {
	for {
		fetches := w.reader.PollFetches(ctx)
		if ctx.Err() != nil {
			return nil
		}
		fetches.EachError(func(topic string, partition int32, err error) {
			w.log.Debug("cannot see what comes on a topic, trying again", "topic", topic, "partition", partition, "error", err)
		})
		fetches.EachPartition(func(p kgo.FetchTopicPartition) {
			if n := len(p.Records); n > 0 {
				w.add(p.Topic, p.Partition, p.Records[n-1].Offset)
			}
		})
	}
}

func (w *groupWatch) add(topic string, partition int32, offset int64) {
	now := w.wall.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, g := range w.groups {
		for _, reads := range g.Reads {
			if reads == topic {
				at := place{g.Name, topic, partition}
				w.pending[at] = append(w.pending[at], reached{offset, now})
			}
		}
	}
}

// ask takes away what the groups have committed, again and again.
func (w *groupWatch) ask(ctx context.Context) error {
	admin := kadm.NewClient(w.reader)
	names := make([]string, len(w.groups))
	for i, g := range w.groups {
		names[i] = g.Name
	}
	for w.wall.Sleep(ctx, groupLookEvery) == nil {
		for group, answer := range admin.FetchManyOffsets(ctx, names...) {
			if answer.Err != nil {
				w.log.Debug("cannot tell how far a group is, asking again", "group", group, "error", answer.Err)
				continue
			}
			answer.Fetched.Each(func(o kadm.OffsetResponse) { w.done(place{group, o.Topic, o.Partition}, o.At) })
		}
	}
	return nil
}

// done notes that a group will go on at an offset.
func (w *groupWatch) done(at place, next int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.pending[at]
	for len(list) > 0 && list[0].offset < next {
		list = list[1:]
	}
	if w.pending[at] = list; len(list) == 0 {
		delete(w.pending, at)
	}
}

// overdue tells whether a group has left a record undone for so long.
func (w *groupWatch) overdue(now time.Time, objective time.Duration) bool {
	if w == nil {
		return false
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, list := range w.pending {
		if now.Sub(list[0].at) > objective {
			return true
		}
	}
	return false
}

// owed says which groups are not done yet.
func (w *groupWatch) owed() string {
	if w == nil {
		return ""
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	behind := map[string]bool{}
	for at := range w.pending {
		behind[at.group] = true
	}
	if len(behind) == 0 {
		return ""
	}
	return "consumer groups to come to the end of their topics: " + strings.Join(sortedKeys(behind), ", ")
}
