package sqs

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// ListQueues lists queue URLs by name, up to 1,000 at a time. As on AWS, only a
// call with MaxResults gets a NextToken.

type listQueuesInput struct {
	QueueNamePrefix string
	MaxResults      *int
	NextToken       string
}

type listQueuesOutput struct {
	QueueUrls []string
	NextToken string `json:",omitempty"`
}

const listMax = 1000

func (in *listQueuesInput) Validate() error {
	if in.MaxResults != nil && (*in.MaxResults < 1 || *in.MaxResults > listMax) {
		return invalidParameter(*in.MaxResults, "MaxResults", "Must be between 1 and 1000.")
	}
	return nil
}

func (s *Service) listQueuesAccess(*wire.Call, *listQueuesInput) []wire.Access {
	return []wire.Access{{Action: "sqs:ListQueues", Resource: "*"}}
}

func (s *Service) listQueues(_ context.Context, call *wire.Call, in *listQueuesInput) (*listQueuesOutput, error) {
	s.mu.RLock()
	names := slices.Sorted(maps.Keys(s.queues))
	s.mu.RUnlock()
	limit := listMax
	if in.MaxResults != nil {
		limit = *in.MaxResults
	}
	out := &listQueuesOutput{QueueUrls: []string{}}
	last := ""
	for _, name := range names {
		if !strings.HasPrefix(name, in.QueueNamePrefix) || name <= in.NextToken {
			continue
		}
		if len(out.QueueUrls) == limit {
			if in.MaxResults != nil {
				out.NextToken = last
			}
			break
		}
		out.QueueUrls = append(out.QueueUrls, queueURL(call, name))
		last = name
	}
	return out, nil
}
