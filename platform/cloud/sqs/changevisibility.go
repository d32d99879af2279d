package sqs

import (
	"context"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// ChangeMessageVisibility hides a message in flight for another 0–43,200 s from
// now; 0 makes it visible. The batch does so for up to ten and needs the
// permission sqs:ChangeMessageVisibility. AWS's limit of twelve hours since
// the receive is not enforced.

const visibilityMaxSeconds = 43_200

type changeVisibilityInput struct {
	target
	visibilityChange
}

type visibilityChange struct {
	ReceiptHandle     string
	VisibilityTimeout *int
}

type changeVisibilityBatchInput struct {
	target
	Entries []changeVisibilityEntry
}

type changeVisibilityEntry struct {
	Id string
	visibilityChange
}

func (c *visibilityChange) Validate() error {
	if c.VisibilityTimeout == nil {
		return missingParameter("VisibilityTimeout")
	}
	if *c.VisibilityTimeout < 0 || *c.VisibilityTimeout > visibilityMaxSeconds {
		return invalidParameter(*c.VisibilityTimeout, "VisibilityTimeout", "VisibilityTimeout must be an integer between 0 and 43200.")
	}
	return nil
}

func (in *changeVisibilityBatchInput) Validate() error {
	ids := make([]string, len(in.Entries))
	for i, e := range in.Entries {
		ids[i] = e.Id
	}
	return validateBatch(ids, "ChangeMessageVisibilityBatchRequestEntry")
}

func (s *Service) changeVisibility(_ context.Context, _ *wire.Call, in *changeVisibilityInput) (*struct{}, error) {
	q, err := s.byURL(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return nil, s.hideIn(q, &in.visibilityChange)
}

func (s *Service) hideIn(q *queue, c *visibilityChange) error {
	r, err := parseReceipt(c.ReceiptHandle)
	if err != nil {
		return err
	}
	return q.hide(s.clock.Now(), r, time.Duration(*c.VisibilityTimeout)*time.Second)
}

func (s *Service) changeVisibilityBatch(_ context.Context, _ *wire.Call, in *changeVisibilityBatchInput) (*batchOutput, error) {
	q, err := s.byURL(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	out := &batchOutput{}
	for i := range in.Entries {
		e := &in.Entries[i]
		err := e.visibilityChange.Validate()
		if err == nil {
			err = s.hideIn(q, &e.visibilityChange)
		}
		out.add(e.Id, err)
	}
	return out, nil
}
