package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"golang.org/x/sync/errgroup"
)

// lagInterval is how often the ends of the assigned partitions are asked for,
// beside what fetches tell of those that are not paused.
const lagInterval = 5 * time.Second

// Run consumes until ctx ends; then it finishes the batches in hand, within
// HandOverMax, commits what is done, leaves the group, unless the member is
// static, and returns nil. Brokers that do not answer hold it up by as long
// again for each try to commit, of two, and by seconds to leave. When it
// returns, no handler is running. It returns an error that wraps ErrFenced when
// another process has its identity, and other errors for what will not pass,
// such as a refused password. A Consumer runs once.
func (c *Consumer) Run(ctx context.Context) error {
	running, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	client, err := c.cluster.client(append(c.options(cancel), c.extra...)...)
	if err != nil {
		return fmt.Errorf("consume: %w", err)
	}
	c.client = client
	close(c.born)
	// The client tries for ever to join a group; only a call of ours is told that
	// the password is wrong.
	if err := client.Ping(running); hopeless(err) {
		leave(client)
		return fmt.Errorf("consume topics %v: %w", c.cfg.Topics, err)
	}
	group, turning := errgroup.WithContext(running)
	group.Go(func() error { return c.pollAll(turning) })
	group.Go(func() error { return c.every(turning, c.cfg.CommitInterval, func() { c.commit(turning, c.all()) }) })
	group.Go(func() error { return c.every(turning, lagInterval, func() { c.lookAhead(turning) }) })
	err = group.Wait()
	c.handOver(c.all())
	leave(client)
	c.abandon(c.all()) // given between the two
	c.working.Wait()
	if cause := context.Cause(running); errors.Is(cause, ErrFenced) {
		return fmt.Errorf("consume topics %v: %w", c.cfg.Topics, cause)
	}
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("consume topics %v: %w", c.cfg.Topics, err)
}

func (c *Consumer) options(cancel context.CancelCauseFunc) []kgo.Opt {
	level := kgo.ReadCommitted()
	if c.cfg.Uncommitted {
		level = kgo.ReadUncommitted()
	}
	return append(c.cfg.Member.options(c.cfg.Topics, func() { cancel(c.cfg.Member.fenced()) }),
		kgo.FetchIsolationLevel(level),
		kgo.FetchMaxWait(500*time.Millisecond),
		kgo.BlockRebalanceOnPoll(), // so that no partition goes between its poll and its queue
		kgo.OnPartitionsAssigned(c.assigned),
		kgo.OnPartitionsRevoked(func(_ context.Context, _ *kgo.Client, lost map[string][]int32) { c.handOver(c.take(lost)) }),
		kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, lost map[string][]int32) { c.abandon(c.take(lost)) }),
	)
}

// pollAll moves what is fetched to its partition's queue.
func (c *Consumer) pollAll(ctx context.Context) error {
	for {
		fetches := c.client.PollRecords(ctx, max(1, c.cfg.QueueRecordsMax/4))
		fetches.EachPartition(func(p kgo.FetchTopicPartition) {
			if len(p.Records) == 0 {
				return
			}
			tp := topicPartition{p.Topic, p.Partition}
			end := p.LastStableOffset
			if c.cfg.Uncommitted {
				end = p.HighWatermark
			}
			c.lags.read(tp, end, p.Records[0].Offset, p.Records[0].Timestamp)
			c.mu.Lock()
			w := c.workers[tp]
			c.mu.Unlock()
			if w != nil {
				w.push(p.Records)
			}
		})
		c.client.AllowRebalance()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		for _, e := range fetches.Errors() {
			if hopeless(e.Err) {
				return fmt.Errorf("topic %s partition %d: %w", e.Topic, e.Partition, e.Err)
			}
			c.cfg.Logger.Warn("fetch failed, will be tried again", "topic", e.Topic, "partition", e.Partition, "error", e.Err)
		}
	}
}

func (c *Consumer) every(ctx context.Context, interval time.Duration, do func()) error {
	for c.cfg.Clock.Sleep(ctx, interval) == nil {
		do()
	}
	return ctx.Err()
}

func (c *Consumer) assigned(_ context.Context, _ *kgo.Client, given map[string][]int32) {
	<-c.born
	c.mu.Lock()
	for topic, partitions := range given {
		for _, p := range partitions {
			w := newWorker(c, topicPartition{topic, p})
			c.workers[w.at] = w
			c.working.Go(w.run)
		}
	}
	c.mu.Unlock()
	c.once.Do(func() { close(c.ready) })
}

// take takes partitions' workers out of use.
func (c *Consumer) take(lost map[string][]int32) []*worker {
	<-c.born
	c.mu.Lock()
	defer c.mu.Unlock()
	var taken []*worker
	for topic, partitions := range lost {
		for _, p := range partitions {
			at := topicPartition{topic, p}
			if w := c.workers[at]; w != nil {
				taken = append(taken, w)
				delete(c.workers, at)
				c.revoked.Add(1)
			}
			c.lags.drop(at)
		}
	}
	return taken
}

func (c *Consumer) all() []*worker {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]*worker, 0, len(c.workers))
	for _, w := range c.workers {
		all = append(all, w)
	}
	return all
}

// handOver lets the batches in hand finish, or gives them up after HandOverMax,
// and commits what is done. Queues are dropped: their records are the next
// owner's.
func (c *Consumer) handOver(workers []*worker) {
	patience, cancel := context.WithTimeout(context.Background(), c.cfg.HandOverMax)
	defer cancel()
	for _, w := range workers {
		w.stop()
	}
	for _, w := range workers {
		select {
		case <-w.ended:
		case <-patience.Done():
			w.giveUp()
			<-w.ended
		}
	}
	last, cancel := context.WithTimeout(context.Background(), c.cfg.HandOverMax)
	defer cancel()
	c.commit(last, workers)
	c.release(workers)
}

// abandon gives up at once what another member has already.
func (c *Consumer) abandon(workers []*worker) {
	for _, w := range workers {
		w.stop()
		w.giveUp()
	}
	for _, w := range workers {
		<-w.ended
	}
	c.release(workers)
}

// release forgets what was paused, for the day the partition comes back.
func (c *Consumer) release(workers []*worker) {
	for _, w := range workers {
		c.client.ResumeFetchPartitions(map[string][]int32{w.at.topic: {w.at.partition}})
	}
}
