package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// errNoState stops a transformer whose state topic is not as it must be, or
// whose State refuses what it once put.
var errNoState = errors.New("state cannot be restored")

// identify learns what commits name the input by.
func (l *life) identify(ctx context.Context) error {
	topics, err := kadm.NewClient(l.session.Client()).ListTopics(ctx, l.t.cfg.Topic)
	if err == nil {
		err = topics[l.t.cfg.Topic].Err
	}
	if err != nil {
		return fmt.Errorf("describe topic %s: %w", l.t.cfg.Topic, err)
	}
	l.topicID = topics[l.t.cfg.Topic].ID
	return nil
}

// assign begins the tasks of partitions whose committed offsets were just read;
// that answer came only when no transaction that commits one was open. Their
// records wait until the state is there. A partition never committed is given
// its first offset as a number, because the client lists only such as owned.
func (l *life) assign(ctx context.Context, offsets map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	<-l.born
	topic := l.t.cfg.Topic
	if slices.ContainsFunc(slices.Collect(maps.Values(offsets[topic])), unresolved) {
		admin := kadm.NewClient(l.session.Client())
		list := admin.ListStartOffsets
		if l.t.cfg.Member.FromEnd {
			list = admin.ListEndOffsets
		}
		listed, err := list(ctx, topic)
		for p, at := range offsets[topic] {
			if !unresolved(at) {
				continue // committed: what is wrong with it now does not hold up the others
			}
			first, ok := listed.Lookup(topic, p)
			if !ok {
				return nil, fmt.Errorf("list offsets of topic %s: %w", topic, cmp.Or(err, listed.Error(), error(kerr.UnknownTopicOrPartition)))
			}
			if first.Err != nil {
				return nil, fmt.Errorf("list offset of topic %s partition %d: %w", topic, p, first.Err)
			}
			offsets[topic][p] = kgo.NewOffset().At(first.Offset)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for p := range offsets[topic] {
		l.drop(p)
		l.restore(ctx, &task{partition: p})
	}
	return offsets, nil
}

func unresolved(at kgo.Offset) bool { return at.EpochOffset().Offset < 0 }

// again restores a task whose transaction aborted, if it is still ours.
func (l *life) again(ctx context.Context, k *task) {
	owned := l.owned()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tasks[k.partition] != k {
		return
	}
	l.drop(k.partition)
	if _, ok := owned[k.partition]; ok {
		l.restore(ctx, &task{partition: k.partition})
	}
}

// restore makes the task's state in the background; l.mu is held.
func (l *life) restore(ctx context.Context, k *task) {
	l.session.Client().PauseFetchPartitions(map[string][]int32{l.t.cfg.Topic: {k.partition}})
	ctx, k.cancel = context.WithCancel(ctx)
	k.restored = make(chan error, 1)
	k.state = l.t.newState(k.partition)
	l.tasks[k.partition] = k
	l.t.assigned.Add(1)
	l.t.restoring.Add(1)
	l.restoring.Go(func() {
		k.restored <- l.fill(ctx, k)
		l.t.restoring.Add(-1)
		l.poke(false)
	})
}

// fill reads the state's partition up to its end and gives it to the State.
func (l *life) fill(ctx context.Context, k *task) error {
	if l.t.cfg.StateTopic == "" {
		return k.state.Restore(func(func([]byte, []byte) bool) {})
	}
	records, err := newLogReader(l.session.Client(), l.t.cfg.StateTopic, k.partition).state(ctx)
	if errors.Is(err, kerr.UnknownTopicOrPartition) {
		return fmt.Errorf("%w: %w", errNoState, err)
	}
	if err != nil {
		return fmt.Errorf("restore state of topic %s partition %d: %w", l.t.cfg.Topic, k.partition, err)
	}
	l.t.restores.Add(1)
	err = k.state.Restore(func(yield func([]byte, []byte) bool) {
		for _, r := range records {
			if !yield(r.Key, r.Value) {
				return
			}
		}
	})
	if err != nil {
		return fmt.Errorf("%w: topic %s partition %d: %w", errNoState, l.t.cfg.Topic, k.partition, err)
	}
	return nil
}

// collect lets restored tasks have records, and drops those whose partition was
// revoked without a word.
func (l *life) collect() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	owned := l.owned() // not earlier: a task made meanwhile would be taken for listed
	waiting := false
	for p, k := range l.tasks {
		_, ours := owned[p]
		if k.listed && !ours && !l.open {
			l.forget(p)
			continue
		}
		k.listed = k.listed || ours
		if k.ready {
			continue
		}
		select {
		case err := <-k.restored:
			if err != nil {
				return err
			}
			k.ready = true
			k.lastCall = l.t.cfg.Clock.Now()
			l.session.Client().ResumeFetchPartitions(map[string][]int32{l.t.cfg.Topic: {p}})
		default:
			waiting = true
		}
	}
	if l.given && !waiting {
		l.t.onReady()
	}
	return nil
}

// revoked forgets partitions that were handed over or lost.
func (l *life) revoked(_ context.Context, _ *kgo.Client, lost map[string][]int32) {
	<-l.born
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range lost[l.t.cfg.Topic] {
		l.forget(p)
	}
}

// forget drops a partition that is another member's now; l.mu is held.
func (l *life) forget(p int32) {
	l.drop(p)
	l.t.lags.drop(topicPartition{l.t.cfg.Topic, p})
}

// drop ends a task; l.mu is held.
func (l *life) drop(p int32) {
	k := l.tasks[p]
	if k == nil {
		return
	}
	k.cancel()
	delete(l.tasks, p)
	l.t.assigned.Add(-1)
	l.session.Client().ResumeFetchPartitions(map[string][]int32{l.t.cfg.Topic: {p}})
}
