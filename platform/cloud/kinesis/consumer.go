package kinesis

import (
	"slices"
	"strings"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// consumer is a registered enhanced fan-out reader. Its stream's lock guards it.
type consumer struct {
	name, arn string
	created   time.Time
	status    string
	settleAt  time.Time // when CREATING or DELETING ends
	tags      map[string]string
	subs      map[uint32]*subscription // the latest of each shard
	calls     map[uint32]*bucket       // SubscribeToShard calls of each shard
}

// ConsumerRef names a consumer by its ARN or by its stream's ARN and its name.
type ConsumerRef struct {
	ConsumerARN  *string
	StreamARN    *string
	ConsumerName *string
	StreamID     *string `json:"StreamId"` // accepted; AWS reserves it for future use
}

func (r ConsumerRef) consumerRef() ConsumerRef { return r }

const consumerARNPattern = `^(arn):aws.*:kinesis:.*:\d{12}:.*stream\/[a-zA-Z0-9_.-]+\/consumer\/[a-zA-Z0-9_.-]+:[0-9]+`

func (r ConsumerRef) check(v *wire.Violations) {
	if r.ConsumerARN != nil {
		_, ok := parseConsumerARN(*r.ConsumerARN)
		checkPattern(v, "consumerARN", *r.ConsumerARN, consumerARNPattern, ok)
		checkLength(v, "consumerARN", *r.ConsumerARN, 1, 2048)
	}
	checkName(v, "consumerName", r.ConsumerName)
	StreamRef{StreamARN: r.StreamARN, StreamID: r.StreamID}.checkGiven(v)
}

// consumerARN is a parsed consumer ARN.
type consumerARN struct {
	arnParts
	stream, name, epoch string
}

func parseConsumerARN(text string) (consumerARN, bool) {
	parts, ok := parseStreamARN(text)
	if !ok {
		return consumerARN{}, false
	}
	stream, rest, ok1 := strings.Cut(parts.resource, "/consumer/")
	name, epoch, ok2 := strings.Cut(rest, ":")
	if !ok1 || !ok2 || !isName(stream) || !isName(name) || !onlyDigits(epoch) {
		return consumerARN{}, false
	}
	return consumerARN{arnParts: parts, stream: stream, name: name, epoch: epoch}, true
}

// consumerRefARN is the ARN to authorise. A consumer that does not exist is
// authorised as its name without the epoch.
func (s *Service) consumerRefARN(r ConsumerRef) string {
	if r.ConsumerARN != nil {
		return *r.ConsumerARN
	}
	if st, c, err := s.consumer(r); err == nil {
		st.mu.RLock()
		defer st.mu.RUnlock()
		return c.arn
	}
	return deref(r.StreamARN) + "/consumer/" + deref(r.ConsumerName)
}

// consumer finds a consumer and completes its transition if that is due.
func (s *Service) consumer(r ConsumerRef) (*stream, *consumer, error) {
	if r.ConsumerARN == nil && (r.StreamARN == nil || r.ConsumerName == nil) {
		return nil, nil, wire.Errorf(codeInvalidArgument, "Either ConsumerARN or both StreamARN and ConsumerName must be provided.")
	}
	streamARN, name := deref(r.StreamARN), deref(r.ConsumerName)
	if r.ConsumerARN != nil {
		arn, ok := parseConsumerARN(*r.ConsumerARN)
		if !ok {
			return nil, nil, wire.Errorf(codeInvalidArgument, "ConsumerARN %s is not a consumer's ARN.", *r.ConsumerARN)
		}
		own, _, _ := strings.Cut(*r.ConsumerARN, "/consumer/")
		if r.StreamARN != nil && streamARN != own || r.ConsumerName != nil && name != arn.name {
			return nil, nil, wire.Errorf(codeInvalidArgument, "StreamARN and ConsumerName do not match ConsumerARN %s.", *r.ConsumerARN)
		}
		streamARN, name = own, arn.name
	}
	st, err := s.stream(StreamRef{StreamARN: &streamARN})
	if err != nil {
		return nil, nil, err
	}
	st.mu.RLock()
	defer st.mu.RUnlock()
	for _, c := range st.consumers {
		if c.name == name && (r.ConsumerARN == nil || c.arn == *r.ConsumerARN) {
			return st, c, nil
		}
	}
	if r.ConsumerARN != nil {
		name = *r.ConsumerARN
	}
	return nil, nil, wire.Errorf(codeNotFound, "Consumer %s of stream %s under account %s not found.", name, st.name, s.cfg.Account)
}

// settleConsumers completes due transitions; the caller holds st.mu.
func (st *stream) settleConsumers(now time.Time) {
	st.consumers = slices.DeleteFunc(st.consumers, func(c *consumer) bool {
		if c.settleAt.IsZero() || now.Before(c.settleAt) {
			return false
		}
		c.settleAt = time.Time{}
		if c.status == statusDeleting {
			c.end(errConsumerGone(c.arn))
			return true
		}
		c.status = statusActive
		return false
	})
}

// end ends all subscriptions of c with cause; the caller holds st.mu.
func (c *consumer) end(cause error) {
	for _, sub := range c.subs {
		sub.cancel(cause)
	}
}

func errConsumerGone(arn string) *wire.Error {
	return wire.Errorf(codeNotFound, "Consumer %s not found.", arn)
}
