package oracle

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/scenario"
)

const (
	lagMax   = 30 * time.Second // for the groups to reach the ends
	lagPoll  = 50 * time.Millisecond
	tailMost = 2000 // records behind that are worth being looked at
)

// lags is how far the consumer groups are behind.
type lags struct {
	topics *topics
	last   []Lag
}

// Lags implements Observed.
func (l *lags) Lags(context.Context) iter.Seq2[Lag, error] {
	return func(yield func(Lag, error) bool) {
		for _, lag := range l.last {
			if !yield(lag, nil) {
				return
			}
		}
	}
}

// await measures until no group is behind, for lagMax.
func (l *lags) await(ctx context.Context, wall clock.Clock) error {
	client, err := kgo.NewClient(l.topics.options()...)
	if err != nil {
		return fmt.Errorf("kafka client: %w", err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	for deadline := wall.Now().Add(lagMax); ; {
		all, behind := reads(), false
		for i := range all {
			if all[i].Records, err = l.of(ctx, admin, all[i].Group, all[i].Topic); err != nil {
				return fmt.Errorf("lag of %s on %s: %w", all[i].Group, all[i].Topic, err)
			}
			behind = behind || all[i].Records > 0
		}
		l.last = all
		if !behind || wall.Now().After(deadline) {
			return nil
		}
		if err := wall.Sleep(ctx, lagPoll); err != nil {
			return fmt.Errorf("lag: %w", err)
		}
	}
}

// of is the lag of a group on a topic, without the markers that end transactions:
// nobody commits what lies behind the last of them.
func (l *lags) of(ctx context.Context, admin *kadm.Client, group, topic string) (records int64, err error) {
	done, err := admin.FetchOffsets(ctx, group)
	if err = errors.Join(err, done.Error()); err != nil {
		return 0, err
	}
	starts, err := admin.ListStartOffsets(ctx, topic)
	if err = errors.Join(err, starts.Error()); err != nil {
		return 0, err
	}
	ends, err := admin.ListCommittedOffsets(ctx, topic)
	if err = errors.Join(err, ends.Error()); err != nil {
		return 0, err
	}
	from, left := map[int32]kgo.Offset{}, map[int32]int64{}
	ends.Each(func(end kadm.ListedOffset) {
		next := int64(0)
		if start, ok := starts.Lookup(topic, end.Partition); ok {
			next = start.Offset
		}
		if committed, ok := done.Lookup(topic, end.Partition); ok {
			next = max(next, committed.At)
		}
		if next < end.Offset {
			from[end.Partition], left[end.Partition] = kgo.NewOffset().At(next), end.Offset
			records += end.Offset - next
		}
	})
	if len(left) == 0 || records > tailMost {
		return records, nil
	}
	client, err := kgo.NewClient(append(l.topics.options(), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: from}),
		kgo.KeepControlRecords(), kgo.FetchIsolationLevel(kgo.ReadCommitted()))...)
	if err != nil {
		return 0, fmt.Errorf("kafka client: %w", err)
	}
	defer client.Close()
	records = 0
	for _, err := range drain(ctx, client, left) {
		if err != nil {
			return 0, err
		}
		records++
	}
	return records, nil
}

// lagOutcome grades the groups: whatever happened, all of them are at the ends again.
func lagOutcome(ctx context.Context, seen Observed) scenario.Outcome {
	var behind, unreadable findings
	total := int64(0)
	for lag, err := range seen.Lags(ctx) {
		if err != nil {
			unreadable.add("%v", err)
			break
		}
		if total += lag.Records; lag.Records > 0 {
			behind.add("%s by %d records of %s", lag.Group, lag.Records, lag.Topic)
		}
	}
	return promise("every consumer group's lag is back to zero", fmt.Sprintf("%d records", total), "0 records",
		problem{"behind", &behind}, problem{"error", &unreadable})
}
