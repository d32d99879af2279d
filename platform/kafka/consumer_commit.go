package kafka

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// commit commits what is done. What fails is committed the next time.
func (c *Consumer) commit(ctx context.Context, workers []*worker) {
	c.commits.Lock()
	defer c.commits.Unlock()
	offsets := map[string]map[int32]kgo.EpochOffset{}
	for _, w := range workers {
		if done, ok := w.uncommitted(); ok {
			if offsets[w.at.topic] == nil {
				offsets[w.at.topic] = map[int32]kgo.EpochOffset{}
			}
			offsets[w.at.topic][w.at.partition] = done
		}
	}
	if len(offsets) == 0 {
		return
	}
	c.client.CommitOffsetsSync(ctx, offsets, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, resp *kmsg.OffsetCommitResponse, err error) {
		if err != nil {
			c.cfg.Logger.Warn("commit failed, will be tried again", "group", c.cfg.Member.Group, "error", err)
			return
		}
		refused := map[topicPartition]bool{}
		for _, t := range resp.Topics {
			for _, p := range t.Partitions {
				if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
					refused[topicPartition{t.Topic, p.Partition}] = true
					c.cfg.Logger.Warn("commit refused", "group", c.cfg.Member.Group, "topic", t.Topic, "partition", p.Partition, "error", err)
				}
			}
		}
		for _, w := range workers {
			if at, ok := offsets[w.at.topic][w.at.partition]; ok && !refused[w.at] {
				w.setCommitted(at)
			}
		}
		if len(refused) == 0 {
			c.committed.Add(1)
		}
	})
}

// lookAhead asks for the partitions' ends, which fetches of paused partitions
// do not tell.
func (c *Consumer) lookAhead(ctx context.Context) {
	admin := kadm.NewClient(c.client)
	list := admin.ListCommittedOffsets
	if c.cfg.Uncommitted {
		list = admin.ListEndOffsets
	}
	ends, err := list(ctx, c.cfg.Topics...)
	if err != nil {
		return
	}
	c.mu.Lock() // no partition goes meanwhile
	defer c.mu.Unlock()
	for at := range c.workers {
		if end, ok := ends.Lookup(at.topic, at.partition); ok && end.Err == nil {
			c.lags.read(at, end.Offset, -1, time.Time{})
		}
	}
}
