package sqs

import (
	"context"
	"strconv"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// GetQueueAttributes reads settings and counts; the counts are exact here.
// SetQueueAttributes changes settings, for present messages too, at once.

type getQueueAttributesInput struct {
	target
	AttributeNames []string
}

type queueAttributesOutput struct {
	Attributes map[string]string `json:",omitempty"`
}

type setQueueAttributesInput struct {
	target
	Attributes map[string]string
}

func (s *Service) getQueueAttributes(_ context.Context, _ *wire.Call, in *getQueueAttributesInput) (*queueAttributesOutput, error) {
	q, err := s.byURL(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	all, err := q.attributes(s.clock.Now())
	if err != nil {
		return nil, err
	}
	out := make(map[string]string)
	for _, name := range in.AttributeNames {
		if name == "All" {
			return &queueAttributesOutput{Attributes: all}, nil
		}
		value, ok := all[name]
		if !ok {
			if _, isGap := gapOf(name); isGap {
				continue // AWS omits attributes that the queue does not have
			}
			return nil, errAttributeName(name)
		}
		out[name] = value
	}
	return &queueAttributesOutput{Attributes: out}, nil
}

func (q *queue) attributes(now time.Time) (map[string]string, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.gone {
		return nil, errNoQueue()
	}
	q.settle(now)
	out := map[string]string{
		"QueueArn":                              q.arn,
		"CreatedTimestamp":                      strconv.FormatInt(q.created.Unix(), 10),
		"LastModifiedTimestamp":                 strconv.FormatInt(q.modified.Unix(), 10),
		"ApproximateNumberOfMessages":           strconv.Itoa(len(q.ready.list)),
		"ApproximateNumberOfMessagesNotVisible": strconv.Itoa(q.inFlight),
		"ApproximateNumberOfMessagesDelayed":    strconv.Itoa(len(q.hidden.list) - q.inFlight),
	}
	for _, name := range settingNames() {
		known, _ := settingByName(name)
		out[name] = strconv.Itoa(known.get(&q.settings))
	}
	return out, nil
}

func (s *Service) setQueueAttributes(_ context.Context, _ *wire.Call, in *setQueueAttributesInput) (*struct{}, error) {
	q, err := s.byURL(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.gone {
		return nil, errNoQueue()
	}
	changed, err := q.settings.with(in.Attributes)
	if err != nil {
		return nil, err
	}
	q.settings, q.modified = changed, s.clock.Now()
	q.data.Stage(q.keep)
	return nil, nil
}
