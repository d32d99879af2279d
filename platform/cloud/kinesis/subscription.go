package kinesis

import (
	"context"
	"time"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/cloud/wire"
)

const (
	subscriptionMax     = 5 * time.Minute
	resubscribeMin      = 5 * time.Second
	subscribesPerSecond = 1
	heartbeatEvery      = 5 * time.Second
	// An event stays small enough that the first record of a burst is not held
	// up by the encoding of the last.
	eventRecordsMax = 5000
	eventBytesMax   = 1 << 20
)

// subscription is one consumer's hold on one shard. It reads the log at its
// reader's pace and queues nothing, so a slow reader costs neither memory nor
// writers' time; a reader slower than retention misses what expired, as on AWS.
type subscription struct {
	st *stream
	sh *shard
	// consumer is the consumer's name.
	consumer string
	started  time.Time
	counter  uint64 // the next record to deliver; follow owns it
	// over ends, with a cause, when another subscription took over or the
	// stream or the consumer was deleted.
	over   context.Context //nolint:containedctx // a subscription outlives the call that made it
	cancel context.CancelCauseFunc
}

// subscribe registers a subscription and ends the one it takes over.
func (s *Service) subscribe(consumerARN, shardID string, start startingPosition, dryRun bool) (*subscription, error) {
	st, c, err := s.consumer(ConsumerRef{ConsumerARN: &consumerARN})
	if err != nil {
		return nil, err
	}
	now := s.now()
	st.mu.Lock()
	defer st.mu.Unlock()
	if c.status != statusActive {
		return nil, wire.Errorf(codeInUse, "Consumer %s is not ACTIVE, instead in state %s", c.arn, c.status)
	}
	sh, err := s.findShard(st, shardID)
	if err != nil {
		return nil, err
	}
	old := c.subs[sh.index]
	if !s.cfg.QuotasOff {
		if old != nil && now.Sub(old.started) < resubscribeMin {
			return nil, wire.Errorf(codeInUse, "Another active subscription exists for consumer %s and shard %s; it can be taken over %s after it began.",
				c.arn, sh.id, resubscribeMin)
		}
		if !c.callBucket(sh.index).take(now, 1) {
			return nil, s.errCallRate("SubscribeToShard")
		}
	}
	counter, err := s.resolvePosition(st, sh, now, start)
	if err != nil {
		return nil, err
	}
	if dryRun {
		return nil, errDryRun()
	}
	if old != nil {
		old.cancel(wire.Errorf(codeInUse, "Another subscription took over consumer %s and shard %s.", c.arn, sh.id))
	}
	sub := &subscription{st: st, sh: sh, consumer: c.name, started: now, counter: counter}
	sub.over, sub.cancel = context.WithCancelCause(context.Background())
	c.subs[sh.index] = sub
	return sub, nil
}

// callBucket limits the SubscribeToShard calls of one shard; the caller holds st.mu.
func (c *consumer) callBucket(shard uint32) *bucket {
	if c.calls[shard] == nil {
		b := newBucket(subscribesPerSecond)
		c.calls[shard] = &b
	}
	return c.calls[shard]
}

// delivery is what a subscription hands to its reader: records, or none as a
// sign of life, or the end of the shard.
type delivery struct {
	page
	last     sequence // reading goes on after it; its record need not exist
	children []ChildShard
}

// follow delivers records as they arrive and a heartbeat about every 5 s
// without any. It returns nil after the subscription's five minutes, at the
// shard's end and when ctx ends or drain closes; the error of deliver; or the
// cause for which the subscription is over.
func (s *Service) follow(ctx context.Context, drain <-chan struct{}, sub *subscription, deliver func(delivery) error) error {
	expiry := s.cfg.Wall.NewTimer(subscriptionMax)
	defer expiry.Stop()
	heartbeat := s.cfg.Wall.NewTimer(heartbeatEvery)
	defer heartbeat.Stop()
	var pace bucket
	if !s.cfg.QuotasOff {
		pace = newBucket(shardReadBytesPerSecond)
	}
	for {
		d, wake, err := s.nextDelivery(sub)
		if err == nil && wake == nil {
			err = s.cfg.Data.Wait(ctx) // nobody sees a record that a crash could take back
		}
		if err != nil {
			return err
		}
		var rest *clock.Timer
		if wake == nil {
			err := deliver(d)
			s.measureEvent(sub, d, err)
			if err != nil || d.end {
				return err
			}
			sub.counter = d.next
			heartbeat.Reset(heartbeatEvery)
			pace.spend(s.now(), float64(d.bytes))
			rest = s.cfg.Wall.NewTimer(pace.wait(s.now()))
		}
		select { // over comes first: under steady load the select below could miss it for a while
		case <-sub.over.Done():
			return context.Cause(sub.over)
		default:
		}
		select {
		case <-ctx.Done():
			return nil
		case <-sub.over.Done():
			return context.Cause(sub.over)
		case <-drain:
			return nil
		case <-expiry.C:
			return nil
		case <-wake:
		case <-fires(rest):
		case <-heartbeat.C:
			if err := deliver(d.heartbeat()); err != nil {
				return err
			}
			heartbeat.Reset(heartbeatEvery)
		}
	}
}

// fires is t's channel, or nil without a timer.
func fires(t *clock.Timer) <-chan time.Time {
	if t == nil {
		return nil
	}
	return t.C
}

// nextDelivery reads on; without records it returns a channel that closes when
// there may be some.
func (s *Service) nextDelivery(sub *subscription) (delivery, <-chan struct{}, error) {
	now := s.now()
	sub.st.mu.RLock()
	defer sub.st.mu.RUnlock()
	p, wake, err := sub.sh.readOrWait(now, sub.st.horizon(now), sub.counter, eventRecordsMax, eventBytesMax)
	if err != nil {
		return delivery{}, nil, err
	}
	d := delivery{page: p}
	second := now.Unix()
	if n := len(p.spans); n > 0 {
		entries := p.spans[n-1].entries
		second = entries[len(entries)-1].arrivalMillis / 1000
	}
	d.last = sub.sh.sequence(p.next-1, second)
	if p.end {
		d.children = sub.st.children(sub.sh)
	}
	return d, wake, nil
}

// heartbeat is d without its records: where reading stands.
func (d delivery) heartbeat() delivery {
	return delivery{page: page{next: d.next, behindMillis: d.behindMillis}, last: d.last}
}
