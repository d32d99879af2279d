package sqs

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// SendMessageBatch stores up to ten messages, each of which may fail alone.
// Limit: 1 MiB for all of them. It needs the permission sqs:SendMessage.

type sendMessageBatchInput struct {
	target
	Entries []sendBatchEntry
}

type sendBatchEntry struct {
	Id string
	sendEntry
}

type sendMessageBatchOutput struct {
	Successful []sendBatchResult `json:",omitempty"`
	Failed     []batchFailure    `json:",omitempty"`
}

type sendBatchResult struct {
	Id string
	sendMessageOutput
}

func (in *sendMessageBatchInput) Validate() error {
	ids := make([]string, len(in.Entries))
	size := 0
	for i, e := range in.Entries {
		ids[i] = e.Id
		if e.MessageBody != nil {
			size += len(*e.MessageBody)
		}
		size += attributesSize(e.MessageAttributes)
	}
	if err := validateBatch(ids, "SendMessageBatchRequestEntry"); err != nil {
		return err
	}
	if size > messageSizeMax {
		return sqsError("BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong",
			"Batch requests cannot be longer than %d bytes. You have sent %d bytes.", messageSizeMax, size)
	}
	return nil
}

func (s *Service) sendMessageBatch(_ context.Context, call *wire.Call, in *sendMessageBatchInput) (*sendMessageBatchOutput, error) {
	q, err := s.byURL(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	out := &sendMessageBatchOutput{}
	for i := range in.Entries {
		e := &in.Entries[i]
		err := e.validate()
		var sent *sendMessageOutput
		if err == nil {
			sent, err = s.store(q, call.Principal.UserID, &e.sendEntry)
		}
		if err != nil {
			out.Failed = append(out.Failed, failure(e.Id, err))
			continue
		}
		out.Successful = append(out.Successful, sendBatchResult{e.Id, *sent})
	}
	return out, nil
}
