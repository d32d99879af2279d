package sqs

import (
	"context"
	"maps"
	"time"

	"github.com/weirstream/weir/platform/cloud/store"
	"github.com/weirstream/weir/platform/cloud/wire"
)

// DeleteQueue removes a queue and its messages at once; long polls on it end
// with QueueDoesNotExist.

type deleteQueueInput struct{ target }

func (s *Service) deleteQueue(_ context.Context, _ *wire.Call, in *deleteQueueInput) (*struct{}, error) {
	q, err := s.byURL(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	s.forget(q, s.clock.Now())
	return nil, nil
}

// forget takes q, but no successor of the same name, off the list, and drops
// notes about earlier deletions that bind nobody any more. Both locks are held
// throughout, so that nothing of q is kept after its end.
func (s *Service) forget(q *queue, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	q.mu.Lock()
	defer q.mu.Unlock()
	if s.queues[q.name] != q {
		return
	}
	delete(s.queues, q.name)
	q.close()
	s.cfg.Data.Stage(func(c *store.Changes) {
		maps.DeleteFunc(s.deleted, func(name string, at time.Time) bool {
			old := now.Sub(at) >= recreateWait
			if old {
				c.Delete(deletedKey(name))
			}
			return old
		})
		q.keepEmpty(c)
		c.Delete(queueKey(q.name))
		c.PutJSON(deletedKey(q.name), keptDeletion{now})
	})
	s.deleted[q.name] = now
}
