package kinesis

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// SubscribeToShard pushes a shard's records to one consumer as an AWS event
// stream: an initial-response, then an event as soon as records arrive, an
// empty one about every 5 s without any, and after 5 minutes an orderly end.
// A closed shard ends with an event that names its children. A later
// subscription of the same pair takes over; the old one ends with
// ResourceInUseException. Delivery is in order and, within a subscription,
// exactly once; resuming after ContinuationSequenceNumber misses nothing.
// Ignored: StreamId, which AWS reserves.
// Limits: one call per second and shard, ResourceInUse within 5 s of the last
// success, 2 MiB/s per consumer and shard.

// SubscribeToShardInput is what SubscribeToShard takes.
type SubscribeToShardInput struct {
	ConsumerARN      *string
	ShardID          *string `json:"ShardId"`
	StartingPosition *StartingPosition
	StreamID         *string `json:"StreamId"`
	DryRun           *bool
}

// StartingPosition is where a subscription starts.
type StartingPosition struct {
	Type           *string
	SequenceNumber *string
	Timestamp      *wire.Timestamp
}

func (in *SubscribeToShardInput) consumerRef() ConsumerRef {
	return ConsumerRef{ConsumerARN: in.ConsumerARN}
}

// Validate reports every violated constraint.
func (in *SubscribeToShardInput) Validate() error {
	var v wire.Violations
	required(&v, "consumerARN", in.ConsumerARN)
	ConsumerRef{ConsumerARN: in.ConsumerARN, StreamID: in.StreamID}.check(&v)
	requireName(&v, "shardId", in.ShardID)
	if required(&v, "startingPosition", in.StartingPosition) {
		checkIteratorType(&v, "startingPosition.type", in.StartingPosition.Type)
		checkNumber(&v, "startingPosition.sequenceNumber", in.StartingPosition.SequenceNumber, sequenceDigits)
	}
	return v.Err()
}

func (s *Service) subscribeToShard(_ context.Context, call *wire.Call, in *SubscribeToShardInput) (*EventStream, error) {
	start := startingPosition{
		kind:      *in.StartingPosition.Type,
		sequence:  in.StartingPosition.SequenceNumber,
		operation: "SubscribeToShard",
	}
	if t := in.StartingPosition.Timestamp; t != nil {
		start.timestamp = &t.Time
	}
	sub, err := s.subscribe(*in.ConsumerARN, *in.ShardID, start, isTrue(in.DryRun))
	if err != nil {
		return nil, err
	}
	cbor := call.HTTP != nil && wire.IsCBOR(call.HTTP.Header.Get("Content-Type"))
	return &EventStream{service: s, sub: sub, draining: call.Draining, format: eventFormat{cbor}}, nil
}

// EventStream is SubscribeToShard's reply; it writes itself.
type EventStream struct {
	service  *Service
	sub      *subscription
	draining <-chan struct{} // the server stops: an orderly end, clients resubscribe
	format   eventFormat
}

// SubscribeToShardEvent is one event of the stream.
type SubscribeToShardEvent struct {
	Records                    []DataRecord
	ContinuationSequenceNumber *string `json:",omitempty"` // absent at the shard's end
	MillisBehindLatest         int64
	ChildShards                []ChildShard `json:",omitempty"`
}

// stuckMax is how long a client that reads nothing may hold a connection whose
// subscription is over.
const stuckMax = time.Second

// Respond writes events until the subscription ends or the client is gone.
func (e *EventStream) Respond(ctx context.Context, w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/vnd.amazon.eventstream")
	w.WriteHeader(http.StatusOK)
	out := newFrameWriter(w)
	defer out.unblock(time.Time{})
	// A write to a client that reads nothing must not outlast the subscription.
	out.unblock(e.service.now().Add(subscriptionMax + stuckMax))
	stop := context.AfterFunc(e.sub.over, func() { out.unblock(e.service.now().Add(stuckMax)) })
	defer stop()

	if err := out.event("initial-response", e.format.contentType(), e.format.empty()); err != nil {
		return gone(ctx, err)
	}
	err := e.service.follow(ctx, e.draining, e.sub, func(d delivery) error {
		payload, err := e.encode(d)
		if err != nil {
			return err
		}
		return out.event("SubscribeToShardEvent", e.format.contentType(), payload)
	})
	var failure *wire.Error
	if errors.As(err, &failure) {
		var payload []byte
		if payload, err = e.format.message(failure.Message); err == nil {
			err = out.exception(failure.Code, e.format.contentType(), payload)
		}
	}
	return gone(ctx, err)
}

// encode renders a delivery.
func (e *EventStream) encode(d delivery) ([]byte, error) {
	event := SubscribeToShardEvent{
		Records:            e.sub.sh.records(d.page),
		MillisBehindLatest: d.behindMillis,
		ChildShards:        d.children,
	}
	if !d.end {
		last := d.last.String()
		event.ContinuationSequenceNumber = &last
	}
	return e.format.event(&event, make([]byte, 0, 256+d.bytes*3/2+d.records*256))
}

// gone hides write errors of clients that left: that is their right.
func gone(ctx context.Context, err error) error {
	if err == nil || ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("subscription: %w", err)
}
