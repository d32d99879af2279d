// Package sqs is the embedded cloud's Simple Queue Service: standard queues,
// JSON 1.0, in memory and, with Config.Data, on disk.
//
// Guarantee: a message whose SendMessage was answered is delivered at least
// once: until it is deleted or older than the queue's retention period, it
// becomes visible again whenever a visibility timeout ends. Order is by
// arrival while nothing is redelivered, but not promised. With Config.Data
// queues and messages survive the process: a message in flight stays so until
// its timeout ends, and its receipt still deletes it. What AWS has and this has
// not is written in skipped.md.
package sqs

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"time"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud/store"
	"github.com/weirstream/weir/platform/cloud/wire"
)

// Config sets up a Service; zero fields take defaults.
type Config struct {
	Region    string      // "" means us-east-1
	Account   string      // "" means 123456789012
	QuotasOff bool        // lifts the in-flight limit and the 60 s waits after PurgeQueue and DeleteQueue
	Clock     clock.Clock // wall clock of every timeout; nil means clock.Wall
	Data      *store.Data // where queues are kept; nil keeps nothing
}

// Service holds the account's queues. It is safe for concurrent use.
type Service struct {
	cfg   Config
	clock clock.Clock

	mu      sync.RWMutex
	queues  map[string]*queue    // by name
	deleted map[string]time.Time // by name: when, to enforce the wait before recreation
}

var accountPattern = regexp.MustCompile(`^[0-9]{12}$`)

// New checks cfg and returns an account with the queues that cfg.Data holds.
func New(cfg Config) (*Service, error) {
	cfg.Region = cmp.Or(cfg.Region, "us-east-1")
	cfg.Account = cmp.Or(cfg.Account, "123456789012")
	if cfg.Clock == nil {
		cfg.Clock = clock.Wall{}
	}
	if !accountPattern.MatchString(cfg.Account) {
		return nil, errors.New("sqs config: account: want twelve digits")
	}
	s := &Service{
		cfg: cfg, clock: cfg.Clock,
		queues: map[string]*queue{}, deleted: map[string]time.Time{},
	}
	if err := s.restore(); err != nil {
		return nil, fmt.Errorf("sqs: %w", err)
	}
	return s, nil
}

// Service declares the API to the cloud's root.
func (s *Service) Service() wire.Service {
	return wire.Service{
		SigningName: "sqs",
		Protocol:    wire.Protocol{Kind: wire.JSON, TargetPrefix: "AmazonSQS", JSONVersion: "1.0"},
		Operations: []wire.Operation{
			wire.Op("CreateQueue", accessByName[*createQueueInput](s, "CreateQueue"), s.createQueue),
			wire.Op("GetQueueUrl", accessByName[*getQueueURLInput](s, "GetQueueUrl"), s.getQueueURL),
			wire.Op("ListQueues", s.listQueuesAccess, s.listQueues),
			wire.Op("GetQueueAttributes", accessByURL[*getQueueAttributesInput](s, "GetQueueAttributes"), s.getQueueAttributes),
			wire.Op("SetQueueAttributes", accessByURL[*setQueueAttributesInput](s, "SetQueueAttributes"), s.setQueueAttributes),
			wire.Op("SendMessage", accessByURL[*sendMessageInput](s, "SendMessage"), s.sendMessage),
			wire.Op("SendMessageBatch", accessByURL[*sendMessageBatchInput](s, "SendMessage"), s.sendMessageBatch),
			wire.Op("ReceiveMessage", accessByURL[*receiveMessageInput](s, "ReceiveMessage"), s.receiveMessage),
			wire.Op("DeleteMessage", accessByURL[*deleteMessageInput](s, "DeleteMessage"), s.deleteMessage),
			wire.Op("DeleteMessageBatch", accessByURL[*deleteMessageBatchInput](s, "DeleteMessage"), s.deleteMessageBatch),
			wire.Op("ChangeMessageVisibility", accessByURL[*changeVisibilityInput](s, "ChangeMessageVisibility"), s.changeVisibility),
			wire.Op("ChangeMessageVisibilityBatch", accessByURL[*changeVisibilityBatchInput](s, "ChangeMessageVisibility"), s.changeVisibilityBatch),
			wire.Op("PurgeQueue", accessByURL[*purgeQueueInput](s, "PurgeQueue"), s.purgeQueue),
			wire.Op("DeleteQueue", accessByURL[*deleteQueueInput](s, "DeleteQueue"), s.deleteQueue),
			wire.Gap("AddPermission", "SQS queue policies"),
			wire.Gap("RemovePermission", "SQS queue policies"),
			wire.Gap("ListDeadLetterSourceQueues", "SQS dead-letter queues"),
			wire.Gap("StartMessageMoveTask", "SQS dead-letter queues"),
			wire.Gap("CancelMessageMoveTask", "SQS dead-letter queues"),
			wire.Gap("ListMessageMoveTasks", "SQS dead-letter queues"),
			wire.Gap("ListQueueTags", "SQS queue tags"),
			wire.Gap("TagQueue", "SQS queue tags"),
			wire.Gap("UntagQueue", "SQS queue tags"),
		},
	}
}

// Attribute is a message attribute of Send.
type Attribute struct {
	Name, Type, Value string // Type is String or Number
}

// Send puts body on the queue with the ARN, for services of this process that
// deliver to queues. Its errors are *wire.Error.
func (s *Service) Send(queueARN string, body []byte, attributes ...Attribute) error {
	name, ok := s.nameOfARN(queueARN)
	if !ok {
		return errNoQueue()
	}
	q, err := s.queue(name)
	if err != nil {
		return err
	}
	out := outgoing{body: string(body), sender: s.cfg.Account}
	if len(attributes) > 0 {
		out.attributes = make(map[string]attribute, len(attributes))
	}
	for _, a := range attributes {
		out.attributes[a.Name] = attribute{DataType: a.Type, StringValue: &a.Value}
	}
	_, err = q.send(s.clock.Now(), out)
	return err
}

func (s *Service) queue(name string) (*queue, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	q := s.queues[name]
	if q == nil {
		return nil, errNoQueue()
	}
	return q, nil
}

func (s *Service) byURL(url string) (*queue, error) {
	name, err := s.nameOfURL(url)
	if err != nil {
		return nil, err
	}
	return s.queue(name)
}

func (s *Service) arn(name string) string {
	return fmt.Sprintf("arn:aws:sqs:%s:%s:%s", s.cfg.Region, s.cfg.Account, name)
}
