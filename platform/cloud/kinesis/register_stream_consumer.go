package kinesis

import (
	"context"
	"strconv"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// RegisterStreamConsumer adds an enhanced fan-out consumer: CREATING at once,
// ACTIVE after the status delay. Registering a name again after it was
// deregistered gives another ARN.
// Ignored: StreamId, which AWS reserves.
// Limits: 5 calls/s, 20 consumers per stream, 5 CREATING at once, 50 tags.

// RegisterStreamConsumerInput is what RegisterStreamConsumer takes.
type RegisterStreamConsumerInput struct {
	StreamARN    *string
	ConsumerName *string
	StreamID     *string `json:"StreamId"`
	Tags         map[string]string
}

func (in *RegisterStreamConsumerInput) ref() StreamRef { return StreamRef{StreamARN: in.StreamARN} }

// RegisterStreamConsumerOutput describes the new consumer.
type RegisterStreamConsumerOutput struct{ Consumer Consumer }

// Consumer is a consumer in a list.
type Consumer struct {
	ConsumerName              string
	ConsumerARN               string
	ConsumerStatus            string
	ConsumerCreationTimestamp wire.Timestamp
}

func (c *consumer) describe() Consumer {
	return Consumer{
		ConsumerName:              c.name,
		ConsumerARN:               c.arn,
		ConsumerStatus:            c.status,
		ConsumerCreationTimestamp: wire.Timestamp{Time: c.created},
	}
}

// Validate reports every violated constraint.
func (in *RegisterStreamConsumerInput) Validate() error {
	var v wire.Violations
	required(&v, "streamARN", in.StreamARN)
	StreamRef{StreamARN: in.StreamARN, StreamID: in.StreamID}.checkGiven(&v)
	requireName(&v, "consumerName", in.ConsumerName)
	checkTags(&v, in.Tags)
	return v.Err()
}

const (
	consumersMax         = 20
	consumersCreatingMax = 5
)

func (s *Service) registerStreamConsumer(_ context.Context, _ *wire.Call, in *RegisterStreamConsumerInput) (*RegisterStreamConsumerOutput, error) {
	st, err := s.stream(in.ref())
	if err != nil {
		return nil, err
	}
	tags, err := s.addTags("consumer "+*in.ConsumerName, nil, in.Tags)
	if err != nil {
		return nil, err
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	if st.status != statusActive && st.status != statusUpdating {
		return nil, s.errNotActive(st)
	}
	creating := 0
	for _, c := range st.consumers {
		if c.name == *in.ConsumerName {
			return nil, wire.Errorf(codeInUse, "Consumer %s of stream %s under account %s already exists.", c.name, st.name, s.cfg.Account)
		}
		if c.status == statusCreating {
			creating++
		}
	}
	if !s.cfg.QuotasOff {
		if len(st.consumers) >= consumersMax {
			return nil, wire.Errorf(codeLimit, "Stream %s under account %s already has %d consumers.", st.name, s.cfg.Account, consumersMax)
		}
		if creating >= consumersCreatingMax {
			return nil, wire.Errorf(codeLimit, "Stream %s under account %s already has %d consumers in state CREATING.", st.name, s.cfg.Account, consumersCreatingMax)
		}
	}
	c := s.newConsumer(st, *in.ConsumerName)
	c.tags = tags
	st.keep()
	s.wakeRun()
	return &RegisterStreamConsumerOutput{c.describe()}, nil
}

// newConsumer adds a consumer; the caller holds st.mu. The ARN ends in the
// creation second, moved on where a name was registered twice within one.
func (s *Service) newConsumer(st *stream, name string) *consumer {
	now := s.now()
	epoch := max(now.Unix(), st.epochs[name]+1)
	st.epochs[name] = epoch
	c := &consumer{
		name:     name,
		arn:      st.arn + "/consumer/" + name + ":" + strconv.FormatInt(epoch, 10),
		created:  time.Unix(epoch, 0),
		status:   statusCreating,
		settleAt: now.Add(s.cfg.StatusDelay),
		subs:     make(map[uint32]*subscription),
		calls:    make(map[uint32]*bucket),
	}
	st.consumers = append(st.consumers, c)
	st.updateDue()
	return c
}
