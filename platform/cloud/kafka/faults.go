package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/weirstream/weir/platform/clock"
)

// Span bounds a fault. The zero Span lasts until Undo; with both bounds the
// first that is reached ends it.
type Span struct {
	For   time.Duration // of the wall clock
	Count int           // requests that are hit
}

func (s Span) validate() error {
	if s.For < 0 || s.Count < 0 {
		return fmt.Errorf("span of %s and %d requests: want 0 or more of both", s.For, s.Count)
	}
	return nil
}

// Partitions are those of one topic; none means all of them, and no topic all
// of all.
type Partitions struct {
	Topic string
	IDs   []int32
}

// ErrNothing is returned for a fault of a topic, group or broker that is not there.
var ErrNothing = errors.New("there is nothing of that name to disturb")

// Faults disturbs the cluster as its own life would. Every method begins a
// fault and returns at once. Who reads to judge is hit like everybody else:
// Kafka's requests do not say what they are for.
type Faults struct{ service *Service }

// Faults returns the cluster's faults; they start it.
func (s *Service) Faults() Faults { return Faults{s} }

// Active is a fault at work.
type Active struct {
	undo func()
	hits func() int
	once sync.Once
}

// Undo ends the fault before its span does. It may be called again.
func (a *Active) Undo() { a.once.Do(a.undo) }

// Hits is how many requests were hit so far.
func (a *Active) Hits() int { return a.hits() }

// MoveLeaders elects other leaders. While the span lasts, no longer than it
// takes clients to ask again, produce and fetch requests meet brokers that do
// not lead; the zero Span only moves.
func (f Faults) MoveLeaders(on Partitions, span Span) (*Active, error) {
	return f.begin(span, func(c *cluster) (*Active, error) {
		if err := c.moveLeaders(on); err != nil {
			return nil, err
		}
		if span == (Span{}) {
			return over(), nil
		}
		return c.answer(span, on.fault(kerr.NotLeaderForPartition, kmsg.Produce, kmsg.Fetch)), nil
	})
}

// over is a fault that has happened.
func over() *Active { return &Active{undo: func() {}, hits: func() int { return 0 }} }

func (c *cluster) moveLeaders(on Partitions) error {
	if on.Topic == "" {
		c.ShufflePartitionLeaders()
		return nil
	}
	infos := c.PartitionInfos(on.Topic)
	if len(infos) == 0 {
		return fmt.Errorf("topic %q: %w", on.Topic, ErrNothing)
	}
	for _, p := range infos {
		if len(on.IDs) > 0 && !slices.Contains(on.IDs, p.Partition) {
			continue
		}
		if err := c.MoveTopicPartition(on.Topic, p.Partition, c.another(p.Leader)); err != nil {
			return fmt.Errorf("move the leader of %s-%d: %w", on.Topic, p.Partition, err)
		}
	}
	return nil
}

// another is the next broker that is up.
func (c *cluster) another(than int32) int32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range int32(brokers) {
		if id := (max(than, 0) + 1 + i) % brokers; !c.gone[id] {
			return id
		}
	}
	return than
}

// NotEnoughReplicas refuses writes with acks=all, as a leader does whose
// followers fell behind; nothing is written.
func (f Faults) NotEnoughReplicas(on Partitions, span Span) (*Active, error) {
	return f.begin(span, func(c *cluster) (*Active, error) {
		fault := on.fault(kerr.NotEnoughReplicas, kmsg.Produce)
		fault.When = wantsAllReplicas
		return c.answer(span, fault), nil
	})
}

func wantsAllReplicas(r kmsg.Request) bool {
	produce, ok := r.(*kmsg.ProduceRequest)
	return ok && produce.Acks == -1
}

// TimeOutAfterWrite writes, and answers that it took too long: who tries again
// without being idempotent writes twice.
func (f Faults) TimeOutAfterWrite(on Partitions, span Span) (*Active, error) {
	return f.begin(span, func(c *cluster) (*Active, error) {
		return c.answer(span, on.fault(kerr.RequestTimedOut, kmsg.Produce)), nil
	})
}

// MoveCoordinators gives every group and transactional id another coordinator,
// as after the loss of a broker. While the span lasts nobody is coordinator yet.
func (f Faults) MoveCoordinators(span Span) (*Active, error) {
	return f.begin(span, func(c *cluster) (*Active, error) {
		c.RehashCoordinators()
		if span == (Span{}) {
			return over(), nil
		}
		return c.answer(span, kfake.Fault{Err: kerr.CoordinatorNotAvailable, Keys: []kmsg.Key{kmsg.FindCoordinator}}), nil
	})
}

// Rebalance makes the members of a group join again. The zero Span hits as many
// heartbeats as the group has members.
func (f Faults) Rebalance(group string, span Span) (*Active, error) {
	return f.begin(span, func(c *cluster) (*Active, error) {
		info := c.GroupInfo(group)
		if info == nil || len(info.Members) == 0 {
			return nil, fmt.Errorf("group %q: %w", group, ErrNothing)
		}
		if span == (Span{}) {
			span.Count = len(info.Members)
		}
		return c.answer(
			span,
			kfake.Fault{Group: group, Err: kerr.RebalanceInProgress, Keys: []kmsg.Key{kmsg.Heartbeat}},
			kfake.Fault{Group: group, Err: kerr.FencedMemberEpoch, Keys: []kmsg.Key{kmsg.ConsumerGroupHeartbeat}, When: isMember},
		), nil
	})
}

// isMember spares heartbeats by which a member joins or leaves.
func isMember(r kmsg.Request) bool {
	beat, ok := r.(*kmsg.ConsumerGroupHeartbeatRequest)
	return ok && beat.MemberEpoch > 0
}

// SlowFetches answers fetches delay later.
func (f Faults) SlowFetches(delay time.Duration, span Span) (*Active, error) {
	if delay <= 0 {
		return nil, fmt.Errorf("delay of %s: want more than 0", delay)
	}
	return f.begin(span, func(c *cluster) (*Active, error) {
		s := &slowness{cluster: c, delay: delay, span: span, until: deadline(c.wall, span)}
		ctx, cancel := context.WithCancel(f.service.life)
		s.ctx = ctx
		c.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
			s.wait()
			return nil, nil, false
		})
		return &Active{undo: cancel, hits: s.count}, nil
	})
}

// begin starts the cluster, and a fault of it while it cannot end.
func (f Faults) begin(span Span, fault func(*cluster) (*Active, error)) (active *Active, err error) {
	if err := span.validate(); err != nil {
		return nil, err
	}
	c, err := f.service.open()
	if err != nil {
		return nil, err
	}
	err = c.alive(func() error {
		active, err = fault(c)
		return err
	})
	return active, err
}

// fault answers requests for the partitions with err.
func (p Partitions) fault(err *kerr.Error, keys ...kmsg.Key) kfake.Fault {
	return kfake.Fault{Topic: p.Topic, Partitions: p.IDs, Err: err, Keys: keys}
}

// answer installs faults that share a span.
func (c *cluster) answer(span Span, faults ...kfake.Fault) *Active {
	until := deadline(c.wall, span)
	for i := range faults {
		f := &faults[i]
		f.Count = -1
		if span.Count > 0 {
			f.Count = span.Count
		}
		applies := f.When
		f.When = func(r kmsg.Request) bool {
			return (applies == nil || applies(r)) && (until.IsZero() || c.wall.Now().Before(until))
		}
	}
	handle := c.Fault(faults...)
	return &Active{undo: handle.Remove, hits: handle.Hits}
}

// deadline is when a span ends; zero means that time does not end it.
func deadline(wall clock.Clock, span Span) time.Time {
	if span.For == 0 {
		return time.Time{}
	}
	return wall.Now().Add(span.For)
}
