package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// upkeep applies retention and compaction until ctx ends. Both go by the wall
// clock, as the timestamps that brokers write do.
func (c *cluster) upkeep(ctx context.Context, every time.Duration) {
	ticker := c.wall.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		c.ApplyRetention()
		if err := c.compact(ctx); err != nil && ctx.Err() == nil {
			c.log.Warn("kafka: compaction is put off", "error", err)
		}
	}
}

// compactMax is how long compaction waits for a moment without transactions.
const compactMax = 10 * time.Second

var errBusy = errors.New("a transaction was open on a compacted topic all the time")

// compact compacts topics that have new records. kfake counts records of
// transactions that are still open as if they were committed, and so loses a
// key's value when the newer one is aborted: it may only run while no compacted
// topic has any, which is sure only while no request is handled.
func (c *cluster) compact(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, compactMax)
	defer cancel()
	client, err := c.client()
	if err != nil {
		return err
	}
	defer client.Close()
	topics, err := compactedTopics(ctx, kadm.NewClient(client))
	if err != nil {
		return fmt.Errorf("find compacted topics: %w", err)
	}
	if _, fresh := c.grown(topics); !fresh {
		return nil
	}
	var failed error
	err = c.hold(ctx, client, func() bool {
		if !c.settled(topics) {
			return false
		}
		failed = c.rewrite(topics)
		return true
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return errBusy
	}
	return errors.Join(err, failed)
}

func compactedTopics(ctx context.Context, admin *kadm.Client) (names []string, err error) {
	topics, err := admin.ListTopics(ctx)
	if err != nil || len(topics) == 0 {
		return nil, err
	}
	configs, err := admin.DescribeTopicConfigs(ctx, topics.Names()...)
	if err != nil {
		return nil, err
	}
	for _, topic := range configs {
		for _, config := range topic.Configs {
			if config.Key == "cleanup.policy" && strings.Contains(config.MaybeValue(), "compact") {
				names = append(names, topic.Name)
			}
		}
	}
	return names, nil
}

// grown says how many records topics ever got, and whether one of them got
// some since it was last compacted.
func (c *cluster) grown(topics []string) (records map[string]int64, fresh bool) {
	records = map[string]int64{}
	for _, topic := range topics {
		for _, p := range c.PartitionInfos(topic) {
			records[topic] += p.HighWatermark
		}
		fresh = fresh || records[topic] != c.compacted[topic]
	}
	return records, fresh
}

// settled tells that no transaction is open on topics.
func (c *cluster) settled(topics []string) bool {
	for _, topic := range topics {
		for _, p := range c.PartitionInfos(topic) {
			if p.LastStableOffset != p.HighWatermark {
				return false
			}
		}
	}
	return true
}

// rewrite compacts. The files it rewrites are kept beside until it is done: a
// process that is killed meanwhile finds them at its next start.
func (c *cluster) rewrite(topics []string) error {
	if c.durable {
		if err := shelter(c.dir, topics); err != nil {
			return errors.Join(fmt.Errorf("keep what is to be compacted: %w", err), unshelter(c.dir))
		}
	}
	c.Compact()
	records, _ := c.grown(topics)
	c.note(records)
	if !c.durable {
		return nil
	}
	return abandonShelter(c.dir)
}

// retryEvery is how often hold asks for a moment, if clients are quiet.
const retryEvery = 20 * time.Millisecond

// hold calls fn while no request is handled, between requests as they come,
// until it returns true or ctx ends.
func (c *cluster) hold(ctx context.Context, client *kgo.Client, fn func() bool) error {
	done := make(chan struct{})
	c.ControlKey(anyKey, func(kmsg.Request) (kmsg.Response, error, bool) {
		c.held.Lock()
		defer c.held.Unlock()
		if ctx.Err() != nil {
			c.DropControl()
		} else if fn() {
			c.DropControl()
			close(done)
		}
		return nil, nil, false
	})
	for {
		// Any request calls the function above; where clients are quiet, this one.
		if _, err := kmsg.NewPtrMetadataRequest().RequestWith(ctx, client); err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-done:
			return nil
		default:
		}
		if err := c.wall.Sleep(ctx, retryEvery); err != nil {
			select {
			case <-done:
				return nil
			default:
				return err
			}
		}
	}
}

// anyKey makes kfake call a control function for every request.
const anyKey = -1
