package kafka

import (
	"context"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/weirstream/weir/platform/clock"
)

// awaitLeaders waits until clients can use the topics, so that the first one
// need not meet a topic that its broker has not heard of.
func awaitLeaders(ctx context.Context, admin *kadm.Client, topics []Topic) error {
	if len(topics) == 0 {
		return nil
	}
	names := make([]string, len(topics))
	for i, t := range topics {
		names[i] = t.Name
	}
	for {
		details, err := admin.ListTopics(ctx, names...)
		if err != nil {
			return fmt.Errorf("provision: list topics: %w", err)
		}
		if led(details) {
			return nil
		}
		if err := (clock.Wall{}).Sleep(ctx, 20*time.Millisecond); err != nil {
			return fmt.Errorf("provision: wait for leaders: %w", err)
		}
	}
}

func led(details kadm.TopicDetails) bool {
	for _, detail := range details {
		if detail.Err != nil || len(detail.Partitions) == 0 {
			return false
		}
		for _, partition := range detail.Partitions {
			if partition.Err != nil || partition.Leader < 0 {
				return false
			}
		}
	}
	return true
}
