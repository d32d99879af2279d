package sqs

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// ReceiveMessage takes up to ten visible messages and hides them. With a wait
// time it is a long poll: it ends at the first message, when the wait is over,
// when the client leaves or when the server stops. Limits: wait 0–20 s,
// visibility 0–43,200 s, 120,000 in flight. ReceiveRequestAttemptId is ignored.

type receiveMessageInput struct {
	target
	AttributeNames              []string // the older name of MessageSystemAttributeNames
	MessageSystemAttributeNames []string
	MessageAttributeNames       []string
	MaxNumberOfMessages         *int
	VisibilityTimeout           *int
	WaitTimeSeconds             *int
}

type receiveMessageOutput struct {
	Messages []receivedMessage `json:",omitempty"`
}

type receivedMessage struct {
	MessageId              string
	ReceiptHandle          string
	MD5OfBody              string
	Body                   string
	Attributes             map[string]string    `json:",omitempty"`
	MD5OfMessageAttributes string               `json:",omitempty"`
	MessageAttributes      map[string]attribute `json:",omitempty"`
}

func (in *receiveMessageInput) Validate() error {
	switch {
	case in.MaxNumberOfMessages != nil && (*in.MaxNumberOfMessages < 1 || *in.MaxNumberOfMessages > 10):
		return invalidParameter(*in.MaxNumberOfMessages, "MaxNumberOfMessages", "Must be between 1 and 10, if provided.")
	case in.WaitTimeSeconds != nil && (*in.WaitTimeSeconds < 0 || *in.WaitTimeSeconds > 20):
		return invalidParameter(*in.WaitTimeSeconds, "WaitTimeSeconds", "Must be >= 0 and <= 20, if provided.")
	case in.VisibilityTimeout != nil && (*in.VisibilityTimeout < 0 || *in.VisibilityTimeout > visibilityMaxSeconds):
		return invalidParameter(*in.VisibilityTimeout, "VisibilityTimeout", "Must be >= 0 and <= 43200, if provided.")
	}
	return nil
}

func (s *Service) receiveMessage(ctx context.Context, call *wire.Call, in *receiveMessageInput) (*receiveMessageOutput, error) {
	q, err := s.byURL(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	limit := 1
	if in.MaxNumberOfMessages != nil {
		limit = *in.MaxNumberOfMessages
	}
	var visibility *time.Duration
	if in.VisibilityTimeout != nil {
		v := time.Duration(*in.VisibilityTimeout) * time.Second
		visibility = &v
	}
	got, err := s.poll(ctx, call, q, limit, visibility, q.waitTime(in.WaitTimeSeconds))
	if err != nil {
		return nil, err
	}
	out := &receiveMessageOutput{}
	for _, m := range got {
		out.Messages = append(out.Messages, m.render(in))
	}
	return out, nil
}

func (q *queue) waitTime(asked *int) time.Duration {
	if asked != nil {
		return time.Duration(*asked) * time.Second
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.settings.wait
}

func (s *Service) poll(ctx context.Context, call *wire.Call, q *queue, limit int, visibility *time.Duration, wait time.Duration) ([]received, error) {
	deadline := s.clock.Now().Add(wait)
	for {
		if err := ctx.Err(); err != nil {
			return nil, err // nobody is left to take a message
		}
		now := s.clock.Now()
		got, next, changed, err := q.receive(now, limit, visibility)
		if err != nil || len(got) > 0 || !now.Before(deadline) {
			return got, err
		}
		until := deadline
		if !next.IsZero() && next.Before(until) {
			until = next
		}
		timer := s.clock.NewTimer(until.Sub(now))
		select {
		case <-changed:
		case <-timer.C:
		case <-call.Draining:
			timer.Stop()
			return nil, nil
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

func (m received) render(in *receiveMessageInput) receivedMessage {
	selected := selectAttributes(m.attributes, in.MessageAttributeNames)
	return receivedMessage{
		MessageId:              m.id,
		ReceiptHandle:          m.receipt.String(),
		MD5OfBody:              md5Hex(m.body),
		Body:                   m.body,
		Attributes:             m.system(slices.Concat(in.AttributeNames, in.MessageSystemAttributeNames)),
		MD5OfMessageAttributes: attributesMD5(selected),
		MessageAttributes:      selected,
	}
}

func (m received) system(wanted []string) map[string]string {
	all := map[string]string{
		"SenderId":                         m.sender,
		"SentTimestamp":                    strconv.FormatInt(m.sent.UnixMilli(), 10),
		"ApproximateReceiveCount":          strconv.Itoa(m.receipt.receives),
		"ApproximateFirstReceiveTimestamp": strconv.FormatInt(m.firstReceived.UnixMilli(), 10),
	}
	if slices.Contains(wanted, "All") {
		return all
	}
	out := make(map[string]string)
	for _, name := range wanted {
		if value, ok := all[name]; ok {
			out[name] = value
		}
	}
	return out
}
