package sqs

import (
	"context"
	"net/http"
	"time"

	"github.com/weirstream/weir/platform/cloud/store"
	"github.com/weirstream/weir/platform/cloud/wire"
)

// PurgeQueue drops every message at once (AWS takes up to a minute). Limit: one
// purge in 60 s.

type purgeQueueInput struct{ target }

const purgeWait = 60 * time.Second

func (s *Service) purgeQueue(_ context.Context, _ *wire.Call, in *purgeQueueInput) (*struct{}, error) {
	q, err := s.byURL(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return nil, q.purge(s.clock.Now())
}

func (q *queue) purge(now time.Time) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.gone {
		return errNoQueue()
	}
	if !q.unlimited && !q.purged.IsZero() && now.Sub(q.purged) < purgeWait {
		err := sqsError("PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress",
			"Only one PurgeQueue operation on %s is allowed every 60 seconds.", q.name)
		err.Status = http.StatusForbidden
		return err
	}
	q.purged = now
	q.clear()
	q.data.Stage(func(c *store.Changes) {
		q.keepEmpty(c)
		q.keep(c)
	})
	return nil
}
