package kafka

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"

	"github.com/weirstream/weir/platform/clock"
)

var errUnready = errors.New("records came before the state was restored")

// turn polls once, has what came transformed, and ends the transaction when it
// is due. An error ends the life.
func (l *life) turn(ctx context.Context) error {
	if ctx.Err() != nil { // not after the poll: what that returns would be committed, and was not handled
		return l.stop(ctx)
	}
	if err := l.take(ctx); err != nil {
		return err
	}
	if err := l.collect(); err != nil {
		return err
	}
	fetches := l.poll(ctx)
	for _, e := range fetches.Errors() {
		if !errors.Is(e.Err, context.Canceled) && !errors.Is(e.Err, context.DeadlineExceeded) {
			l.session.AllowRebalance()
			return fmt.Errorf("fetch topic %s partition %d: %w", e.Topic, e.Partition, e.Err)
		}
	}
	now := l.t.cfg.Clock.Now() // one, or a partition that has records could be due for a tick as well
	batches, failed := l.batches(fetches, now)
	ticks := l.ticks(now)
	if len(batches)+len(ticks) > 0 || failed != nil {
		if err := l.begin(); err != nil {
			return err
		}
		l.ticked = l.ticked || len(ticks) > 0
		if failed == nil {
			failed = l.process(append(batches, ticks...))
		}
		if failed != nil {
			return l.abort(ctx, failed)
		}
	}
	if l.open && l.due() {
		return l.commit(ctx)
	}
	if !l.open {
		l.session.AllowRebalance()
	}
	return nil
}

// stop ends with what is in hand; ctx has ended.
func (l *life) stop(ctx context.Context) error {
	if !l.open {
		return ctx.Err()
	}
	if errors.Is(context.Cause(ctx), ErrFenced) {
		return ErrFenced
	}
	return l.commit(ctx)
}

func (l *life) begin() error {
	if l.open {
		return nil
	}
	if err := l.session.Begin(); err != nil {
		return fmt.Errorf("begin transaction %s: %w", l.t.cfg.TransactionalID, err)
	}
	now := clock.Wall{}.Now()
	l.open, l.held, l.heldBytes, l.ticked = true, 0, 0, false
	l.memberID, l.generation = l.session.Client().GroupMetadata()
	l.deadline = now
	if next := l.lastEnd.Add(l.t.cfg.CommitInterval); next.After(now) {
		l.deadline = next
	}
	l.inHand = map[int32]progress{}
	return nil
}

func (l *life) due() bool {
	l.mu.Lock()
	leaving := l.leaving
	l.mu.Unlock()
	return leaving || l.held >= l.t.cfg.CommitRecords || !clock.Wall{}.Now().Before(l.deadline) || l.t.cfg.CommitOutputs && l.put()
}

// put tells whether the transaction has outputs.
func (l *life) put() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range l.tasks {
		if k.dirty && k.outputs > 0 {
			return true
		}
	}
	return false
}

// batch is the work of one partition's task in this turn.
type batch struct {
	task    *task
	records []*kgo.Record
}

// batches sorts what came by task.
func (l *life) batches(fetches kgo.Fetches, now time.Time) ([]batch, error) {
	var all []batch
	var failed error
	l.mu.Lock()
	defer l.mu.Unlock()
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		if len(p.Records) == 0 {
			return
		}
		l.t.lags.read(topicPartition{p.Topic, p.Partition}, p.LastStableOffset, p.Records[0].Offset, p.Records[0].Timestamp)
		task := l.tasks[p.Partition]
		if task == nil || !task.ready {
			failed = fmt.Errorf("partition %d: %w", p.Partition, errUnready)
			return
		}
		task.lastCall = now
		all = append(all, batch{task, p.Records})
	})
	return all, failed
}

// ticks are the calls without records that are due.
func (l *life) ticks(now time.Time) []batch {
	tick := l.t.cfg.TickInterval
	if tick <= 0 {
		return nil
	}
	var all []batch
	owned := l.owned()
	l.mu.Lock()
	defer l.mu.Unlock()
	for p, task := range l.tasks {
		if _, ok := owned[p]; ok && task.ready && now.Sub(task.lastCall) >= tick {
			task.lastCall = now
			all = append(all, batch{task: task})
		}
	}
	return all
}

// process has the tasks' handlers called, at once for different partitions, and
// hands what they return to the producer. It returns the first error of a
// handler or of an earlier record of this transaction.
func (l *life) process(batches []batch) error {
	group, ctx := errgroup.WithContext(l.hard)
	for _, b := range batches {
		b.task.dirty = true
		group.Go(func() error {
			outputs, err := l.t.handle(ctx, Batch{Topic: l.t.cfg.Topic, Partition: b.task.partition, Records: b.records}, b.task.state)
			if err != nil {
				return fmt.Errorf("handle %d records of topic %s partition %d: %w", len(b.records), l.t.cfg.Topic, b.task.partition, err)
			}
			for _, r := range outputs {
				l.produce(b.task, r)
			}
			b.task.outputs += int64(len(outputs))
			return b.task.failure()
		})
	}
	err := group.Wait()
	for _, b := range batches {
		if n := len(b.records); n > 0 {
			last := b.records[n-1]
			l.inHand[b.task.partition] = progress{last.Offset + 1, last.Timestamp}
			l.held += n
			for _, r := range b.records {
				l.heldBytes += int64(len(r.Key) + len(r.Value))
			}
		}
	}
	return err
}

// produce waits only where the client holds as much as it may: the end of the
// transaction waits for the rest. A record that fails fails the transaction,
// which also takes it back, so its context is that of all that is in hand.
func (l *life) produce(task *task, r *kgo.Record) {
	l.session.Produce(l.hard, r, task.settled)
}

// task is the work on one assigned partition.
type task struct {
	partition int32
	state     State
	lastCall  time.Time
	listed    bool // by the client as owned, which it is some time after it was assigned
	ready     bool // restored
	dirty     bool // the open transaction changed the state
	outputs   int64
	changes   int64

	cancel   context.CancelFunc // of the restore
	restored chan error         // its result

	mu     sync.Mutex
	failed error
}

func (k *task) settled(r *kgo.Record, err error) {
	if err == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.failed == nil {
		k.failed = produceError(r, err)
	}
}

func (k *task) failure() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.failed
}
