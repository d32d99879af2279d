package sqs

import (
	"context"
	"maps"
	"time"

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
	q.close()
	return nil, nil
}

// forget takes q, but no successor of the same name, off the list, and drops
// notes about earlier deletions that bind nobody any more.
func (s *Service) forget(q *queue, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queues[q.name] != q {
		return
	}
	delete(s.queues, q.name)
	maps.DeleteFunc(s.deleted, func(_ string, at time.Time) bool { return now.Sub(at) >= recreateWait })
	s.deleted[q.name] = now
}
