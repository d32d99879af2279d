package kinesis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/schemas"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/smithy-go/transport/http/protocol/awsjson"
)

// resubscribeAfter is how long the service refuses the same consumer and shard
// after it accepted them.
const resubscribeAfter = 5 * time.Second

// subscription is what is used of *kinesis.SubscribeToShardEventStream.
type subscription interface {
	Events() <-chan types.SubscribeToShardEventStream
	Close() error
	Err() error
}

type subscribeFunc func(ctx context.Context, in *kinesis.SubscribeToShardInput) (subscription, error)

func subscribeBy(api API) subscribeFunc {
	return func(ctx context.Context, in *kinesis.SubscribeToShardInput) (subscription, error) {
		out, err := api.SubscribeToShard(ctx, in, oneTry, ownProtocol)
		if err != nil {
			return nil, err
		}
		return out.GetStream(), nil
	}
}

// ownProtocol gives a subscription a decoder of its own: the SDK's event stream
// decoder belongs to the client's protocol value and is not safe for the
// concurrent subscriptions of one client (a data race in smithy-go 1.28.8).
func ownProtocol(o *kinesis.Options) { o.Protocol = awsjson.New11(schemas.Kinesis_20131202) }

// fanOut reads a shard by subscriptions of the consumer, one after the other:
// each ends after at most five minutes.
func fanOut(consumerARN string) method {
	return func(ctx context.Context, r *shardReader) ([]types.ChildShard, error) {
		s := &subscriber{shardReader: r, consumerARN: consumerARN}
		var failed failures
		for {
			s.events = 0
			children, ended, err := s.once(ctx)
			if ended || ctx.Err() != nil {
				return children, ctx.Err()
			}
			if err == nil && s.cfg.Clock.Now().Sub(s.accepted) >= resubscribeAfter {
				failed = failures{}
				continue // its five minutes are over, or the server stops
			}
			if s.events > 0 {
				failed = failures{}
			}
			if err := s.again(ctx, &failed, err); err != nil {
				return nil, err
			}
		}
	}
}

type subscriber struct {
	*shardReader
	consumerARN string
	accepted    time.Time // of the last subscription
	events      int       // of the current one
}

// again waits before the next subscription. Another one of the same consumer
// and shard, be it our own before a restart, is refused for some seconds.
func (s *subscriber) again(ctx context.Context, failed *failures, err error) error {
	what := "subscribe to " + s.id
	if err == nil {
		err = errors.New("subscription ended early") // also the SDK's word for half an event
	}
	_, inUse := errors.AsType[*types.ResourceInUseException](err)
	_, tooMany := errors.AsType[*types.LimitExceededException](err)
	if !inUse && !tooMany {
		return s.putOff(ctx, what, failed, err)
	}
	wait := time.Second + s.jitter.Full(0, time.Second/2, time.Second)
	if left := s.accepted.Add(resubscribeAfter).Sub(s.cfg.Clock.Now()); left > wait {
		wait = left
	}
	return s.pause(ctx, what, wait, err)
}

// once follows one subscription; ended says that the shard has no more.
func (s *subscriber) once(ctx context.Context) (children []types.ChildShard, ended bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	asked := s.cfg.Clock.Now()
	stream, err := s.open(ctx, cancel)
	if err != nil {
		return nil, false, err
	}
	s.accepted = s.cfg.Clock.Now()
	s.subscriptions.Add(1)
	s.anchor(asked)
	defer func() {
		cancel()
		_ = stream.Close()
		for range stream.Events() { // until the SDK's goroutines are gone
		}
	}()
	silence := s.cfg.Clock.NewTimer(s.cfg.SilenceMax)
	defer silence.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, false, ctx.Err()
		case <-silence.C:
			return nil, false, fmt.Errorf("no event for %v", s.cfg.SilenceMax)
		case event, more := <-stream.Events():
			if !more {
				return nil, false, stream.Err()
			}
			s.events++
			children, ended, err := s.take(ctx, event)
			if ended || err != nil {
				return children, ended, err
			}
			silence.Reset(s.cfg.SilenceMax)
		}
	}
}

// open subscribes; only the wait for the first reply is bounded.
func (s *subscriber) open(ctx context.Context, cancel context.CancelFunc) (subscription, error) {
	waiting, replied := context.WithTimeout(ctx, s.cfg.CallMax)
	defer replied()
	keep := context.AfterFunc(waiting, cancel)
	defer keep()
	in := &kinesis.SubscribeToShardInput{ConsumerARN: &s.consumerARN, ShardId: &s.id, StartingPosition: &types.StartingPosition{}}
	at := in.StartingPosition
	at.Type, at.SequenceNumber, at.Timestamp = s.at.wire()
	return s.subscribe(ctx, in)
}

// take handles one event and moves on to its continuation number, which also
// advances where a shard is quiet. An event without one is the shard's last.
func (s *subscriber) take(ctx context.Context, event types.SubscribeToShardEventStream) (children []types.ChildShard, ended bool, err error) {
	member, ok := event.(*types.SubscribeToShardEventStreamMemberSubscribeToShardEvent)
	if !ok {
		return nil, false, nil // a kind that later SDKs may know
	}
	e := &member.Value
	if err := s.deliver(ctx, e.Records, e.MillisBehindLatest); err != nil {
		return nil, false, err
	}
	next := aws.ToString(e.ContinuationSequenceNumber)
	if len(e.ChildShards) > 0 || next == "" {
		return e.ChildShards, true, nil
	}
	s.advance(next)
	if !s.stored && len(e.Records) == 0 { // so that a restart with Start Latest skips nothing
		return nil, false, s.checkpoint(ctx, Checkpoint{SequenceNumber: next})
	}
	return nil, false, nil
}
