package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/weirstream/weir/platform/clock"
)

// commit adds what changed in the states and ends the transaction. One that the
// brokers or a rebalance refuse is aborted, and redone from the last offsets.
func (l *life) commit(ctx context.Context) error {
	dirty := l.dirty()
	err := l.snapshot(dirty)
	if err == nil {
		err = l.session.Client().Flush(l.hard)
	}
	if err == nil {
		err = firstFailure(dirty)
	}
	if err != nil {
		return l.abort(ctx, err)
	}
	// The client forces a heartbeat here, which waits for a rebalance that in turn
	// waits for this transaction, where the brokers were away meanwhile.
	end, cancel := context.WithTimeout(l.hard, min(l.t.cfg.TransactionMax, endMax))
	defer cancel()
	if l.ticked && slices.ContainsFunc(dirty, func(k *task) bool { return k.outputs+k.changes > 0 }) {
		end = kgo.PreTxnCommitFnContext(end, l.vouch(dirty))
	}
	committed, err := l.session.End(end, kgo.TryCommit)
	l.ended()
	if err != nil {
		return fmt.Errorf("commit transaction %s: %w", l.t.cfg.TransactionalID, err)
	}
	if !committed {
		return l.redo(ctx, dirty, firstFailure(dirty))
	}
	l.failures = 0
	l.account(dirty)
	return nil
}

// endMax is how long the end of a transaction may take. One that does not come
// to it begins anew with a fresh client, which finds out what was committed.
const endMax = 5 * time.Second

// vouch has the commit check the membership for partitions that had ticks
// alone: it commits their offsets once more, and only as the member that the
// partitions belonged to when the ticks were due.
func (l *life) vouch(dirty []*task) func(*kmsg.TxnOffsetCommitRequest) error {
	owned := l.owned()
	return func(req *kmsg.TxnOffsetCommitRequest) error {
		if req.MemberID != l.memberID || req.Generation != l.generation {
			return kerr.IllegalGeneration // the client takes it as the coordinator's: abort
		}
		for _, k := range dirty {
			at, ok := owned[k.partition]
			if !ok {
				return kerr.IllegalGeneration
			}
			if !l.consumed(k.partition) {
				l.addOffset(req, k.partition, at)
			}
		}
		return nil
	}
}

func (l *life) consumed(p int32) bool {
	_, ok := l.inHand[p]
	return ok
}

func (l *life) addOffset(req *kmsg.TxnOffsetCommitRequest, p int32, at kgo.EpochOffset) {
	partition := kmsg.NewTxnOffsetCommitRequestTopicPartition()
	partition.Partition, partition.Offset, partition.LeaderEpoch = p, at.Offset, at.Epoch
	for i := range req.Topics {
		if req.Topics[i].Topic == l.t.cfg.Topic {
			req.Topics[i].Partitions = append(req.Topics[i].Partitions, partition)
			return
		}
	}
	topic := kmsg.NewTxnOffsetCommitRequestTopic()
	topic.Topic, topic.TopicID = l.t.cfg.Topic, l.topicID
	topic.Partitions = append(topic.Partitions, partition)
	req.Topics = append(req.Topics, topic)
}

// owned are the partitions that the group has given to this member now, with
// their committed offsets. The session's callbacks do not tell: after one
// revocation it swallows others until a transaction ends.
func (l *life) owned() map[int32]kgo.EpochOffset {
	return l.session.Client().CommittedOffsets()[l.t.cfg.Topic]
}

// snapshot produces the states' changes beside their input partitions.
func (l *life) snapshot(dirty []*task) error {
	if l.t.cfg.StateTopic == "" {
		return nil
	}
	for _, k := range dirty {
		err := k.state.Snapshot(func(key, value []byte) {
			k.changes++
			l.produce(k, ToPartition(&kgo.Record{Topic: l.t.cfg.StateTopic, Key: key, Value: value}, k.partition))
		})
		if err != nil {
			return fmt.Errorf("snapshot state of topic %s partition %d: %w", l.t.cfg.Topic, k.partition, err)
		}
	}
	return nil
}

// abort gives up the transaction for err and restores what it had changed.
func (l *life) abort(ctx context.Context, err error) error {
	dirty := l.dirty()
	patience := l.t.cfg.TransactionMax
	if ctx.Err() != nil {
		patience = min(patience, l.t.cfg.StopMax)
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	_, endErr := l.session.End(last, kgo.TryAbort)
	l.ended()
	if endErr != nil {
		return fmt.Errorf("abort transaction %s after %w: %w", l.t.cfg.TransactionalID, err, endErr)
	}
	return l.redo(ctx, dirty, err)
}

// redo restores the dirty tasks and waits a little, so that what fails at once
// does not fail in a loop. The client has gone back to the committed offsets.
func (l *life) redo(ctx context.Context, dirty []*task, err error) error {
	l.t.aborts.Add(1)
	l.t.cfg.Logger.Warn("transaction aborted, will be redone", "topic", l.t.cfg.Topic, "group", l.t.cfg.Member.Group, "error", err)
	for _, k := range dirty {
		l.again(ctx, k)
	}
	l.session.AllowRebalance()
	l.failures++
	if err == nil {
		return nil // a rebalance: nothing to wait for
	}
	_ = (clock.Wall{}).Sleep(ctx, l.t.jitter.Half(l.failures, 20*time.Millisecond, l.t.cfg.RetryMax))
	return nil
}

// ended closes the books of a transaction, however it ended.
func (l *life) ended() {
	l.open = false
	l.full = l.held >= l.t.cfg.BatchRecordsMax/4
	l.lastEnd = clock.Wall{}.Now()
	l.mu.Lock()
	l.leaving = false
	l.mu.Unlock()
}

func (l *life) account(dirty []*task) {
	for _, k := range dirty {
		k.dirty = false
		l.t.outputs.Add(k.outputs)
		l.t.state.Add(k.changes)
		k.outputs, k.changes = 0, 0
	}
	for p, done := range l.inHand {
		l.t.lags.finish(topicPartition{l.t.cfg.Topic, p}, done.next, done.written)
	}
	l.t.records.Add(int64(l.held))
	l.t.bytes.Add(l.heldBytes)
	l.t.commits.Add(1)
	l.session.AllowRebalance()
}

// dirty are the tasks that took part in the transaction, also those revoked
// meanwhile, so that nobody takes their work for committed.
func (l *life) dirty() []*task {
	l.mu.Lock()
	defer l.mu.Unlock()
	var dirty []*task
	for _, k := range l.tasks {
		if k.dirty {
			dirty = append(dirty, k)
		}
	}
	slices.SortFunc(dirty, func(a, b *task) int { return int(a.partition - b.partition) })
	return dirty
}

func firstFailure(dirty []*task) error {
	var failures []error
	for _, k := range dirty {
		failures = append(failures, k.failure())
	}
	return errors.Join(failures...)
}
