package sqs

import (
	"context"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// SendMessage stores one message. Limits: the queue's MaximumMessageSize with
// attributes, ten attributes, 900 s of delay, XML 1.0's characters. System
// attributes and FIFO parameters are refused.

type sendMessageInput struct {
	target
	sendEntry
}

// sendEntry is what SendMessage and a batch entry share.
type sendEntry struct {
	MessageBody             *string
	DelaySeconds            *int
	MessageAttributes       map[string]attribute
	MessageSystemAttributes map[string]attribute
	MessageDeduplicationId  string
	MessageGroupId          string
}

type sendMessageOutput struct {
	MessageId              string
	MD5OfMessageBody       string
	MD5OfMessageAttributes string `json:",omitempty"`
}

func (in *sendMessageInput) Validate() error { return in.sendEntry.validate() }

func (e *sendEntry) validate() error {
	switch {
	case e.MessageBody == nil:
		return missingParameter("MessageBody")
	case *e.MessageBody == "":
		return invalidParameter("", "MessageBody", "Must not be empty.")
	case e.MessageDeduplicationId != "" || e.MessageGroupId != "":
		return wire.NotImplemented("SQS FIFO queues and fair queues (MessageGroupId, MessageDeduplicationId)")
	case len(e.MessageSystemAttributes) > 0:
		return wire.NotImplemented("SQS message system attributes (AWSTraceHeader)")
	case e.DelaySeconds != nil && (*e.DelaySeconds < 0 || *e.DelaySeconds > 900):
		return invalidParameter(*e.DelaySeconds, "DelaySeconds", "DelaySeconds must be >= 0 and <= 900.")
	case !allowedText(*e.MessageBody):
		return errMessageContents()
	}
	return validateAttributes(e.MessageAttributes)
}

func errMessageContents() *wire.Error {
	return sqsError("InvalidMessageContents", "InvalidMessageContents",
		"Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF")
}

func (e *sendEntry) outgoing(sender string) outgoing {
	out := outgoing{body: *e.MessageBody, attributes: e.MessageAttributes, sender: sender}
	if e.DelaySeconds != nil {
		delay := time.Duration(*e.DelaySeconds) * time.Second
		out.delay = &delay
	}
	return out
}

func (s *Service) sendMessage(_ context.Context, call *wire.Call, in *sendMessageInput) (*sendMessageOutput, error) {
	q, err := s.byURL(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return s.store(q, call.Principal.UserID, &in.sendEntry)
}

func (s *Service) store(q *queue, sender string, e *sendEntry) (*sendMessageOutput, error) {
	m, err := q.send(s.clock.Now(), e.outgoing(sender))
	if err != nil {
		return nil, err
	}
	return &sendMessageOutput{
		MessageId:              m.id,
		MD5OfMessageBody:       md5Hex(m.body),
		MD5OfMessageAttributes: attributesMD5(m.attributes),
	}, nil
}
