package sqs

import (
	"context"
	"regexp"
	"strings"
	"time"

	"github.com/weirstream/weir/platform/cloud/store"
	"github.com/weirstream/weir/platform/cloud/wire"
)

// CreateQueue makes a standard queue, usable at once. It is idempotent for
// equal attributes. Limits: 1–80 letters, digits, hyphens and underscores; a
// name is free again 60 s after its deletion. Tags and FIFO are refused.

type createQueueInput struct {
	QueueName  string
	Attributes map[string]string
	Tags       map[string]string `json:"tags"`
}

func (in *createQueueInput) queueName() string { return in.QueueName }

type queueURLOutput struct{ QueueUrl string }

const recreateWait = 60 * time.Second

var queueNamePattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,80}$`)

func (in *createQueueInput) Validate() error {
	switch {
	case in.QueueName == "":
		return missingParameter("QueueName")
	case strings.HasSuffix(in.QueueName, ".fifo"):
		return wire.NotImplemented("SQS FIFO queues")
	case !queueNamePattern.MatchString(in.QueueName):
		return invalidParameter(in.QueueName, "QueueName",
			"Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length.")
	case len(in.Tags) > 0:
		return wire.NotImplemented("SQS queue tags")
	}
	return nil
}

func (s *Service) createQueue(_ context.Context, call *wire.Call, in *createQueueInput) (*queueURLOutput, error) {
	wanted, err := defaultSettings().with(in.Attributes)
	if err != nil {
		return nil, err
	}
	out := &queueURLOutput{QueueUrl: queueURL(call, in.QueueName)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if q := s.queues[in.QueueName]; q != nil {
		return out, q.sameSettings(in.Attributes)
	}
	now := s.clock.Now()
	if at, ok := s.deleted[in.QueueName]; ok && !s.cfg.QuotasOff && now.Sub(at) < recreateWait {
		return nil, sqsError("QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently",
			"You must wait 60 seconds after deleting a queue before you can create another with the same name.")
	}
	delete(s.deleted, in.QueueName)
	q := s.newQueue(in.QueueName, wanted, now)
	s.queues[q.name] = q
	s.cfg.Data.Stage(func(c *store.Changes) {
		c.Delete(deletedKey(q.name))
		q.keep(c)
	})
	return out, nil
}

// sameSettings compares only the attributes that the request names, as AWS does.
func (q *queue) sameSettings(attributes map[string]string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	changed, err := q.settings.with(attributes)
	if err == nil && changed != q.settings {
		return sqsError("QueueNameExists", "QueueAlreadyExists",
			"A queue already exists with the same name and a different value for an attribute.")
	}
	return err
}
