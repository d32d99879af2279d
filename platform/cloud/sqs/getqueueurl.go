package sqs

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// GetQueueUrl finds a queue by name. Other accounts' queues do not exist here.

type getQueueURLInput struct {
	QueueName              string
	QueueOwnerAWSAccountId string
}

func (in *getQueueURLInput) queueName() string { return in.QueueName }

func (in *getQueueURLInput) Validate() error {
	if in.QueueName == "" {
		return missingParameter("QueueName")
	}
	return nil
}

func (s *Service) getQueueURL(_ context.Context, call *wire.Call, in *getQueueURLInput) (*queueURLOutput, error) {
	if in.QueueOwnerAWSAccountId != "" && in.QueueOwnerAWSAccountId != s.cfg.Account {
		return nil, errNoQueue()
	}
	q, err := s.queue(in.QueueName)
	if err != nil {
		return nil, err
	}
	return &queueURLOutput{QueueUrl: queueURL(call, q.name)}, nil
}
