package sqs

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// DeleteMessage forgets a received message; a stale receipt succeeds and does
// nothing. DeleteMessageBatch does so for up to ten and needs the permission
// sqs:DeleteMessage.

type deleteMessageInput struct {
	target
	ReceiptHandle string
}

type deleteMessageBatchInput struct {
	target
	Entries []deleteBatchEntry
}

type deleteBatchEntry struct {
	Id            string
	ReceiptHandle string
}

type batchOutput struct {
	Successful []batchSuccess `json:",omitempty"`
	Failed     []batchFailure `json:",omitempty"`
}

type batchSuccess struct{ Id string }

func (out *batchOutput) add(id string, err error) {
	if err != nil {
		out.Failed = append(out.Failed, failure(id, err))
		return
	}
	out.Successful = append(out.Successful, batchSuccess{id})
}

func (in *deleteMessageBatchInput) Validate() error {
	ids := make([]string, len(in.Entries))
	for i, e := range in.Entries {
		ids[i] = e.Id
	}
	return validateBatch(ids, "DeleteMessageBatchRequestEntry")
}

func (s *Service) deleteMessage(_ context.Context, _ *wire.Call, in *deleteMessageInput) (*struct{}, error) {
	q, err := s.byURL(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return nil, s.deleteFrom(q, in.ReceiptHandle)
}

func (s *Service) deleteFrom(q *queue, handle string) error {
	r, err := parseReceipt(handle)
	if err != nil {
		return err
	}
	return q.delete(s.clock.Now(), r)
}

func (s *Service) deleteMessageBatch(_ context.Context, _ *wire.Call, in *deleteMessageBatchInput) (*batchOutput, error) {
	q, err := s.byURL(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	out := &batchOutput{}
	for _, e := range in.Entries {
		out.add(e.Id, s.deleteFrom(q, e.ReceiptHandle))
	}
	return out, nil
}
