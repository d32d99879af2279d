package kinesis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// shardReader reads one shard from one goroutine.
type shardReader struct {
	*Consumer
	id       string
	hashes   hashRange
	at       Position   // where to go on
	handled  Checkpoint // of an earlier run: at points to its record, of which this much is done
	anchored bool       // at is Latest turned into an instant of this machine's clock
	stored   bool       // a checkpoint of this shard exists
	places   placeCache
	reading  func() // to be called once, when the position is fixed with the service
}

// method is how a shard is read to its end; it returns the children that the
// service named, if any.
type method func(ctx context.Context, r *shardReader) ([]types.ChildShard, error)

// readShard hands over all records of s, marks its end and finds its children.
func (c *Consumer) readShard(ctx context.Context, s *shard, read method, reading func()) ([]*shard, error) {
	r := &shardReader{Consumer: c, id: s.id, hashes: s.hashes, at: s.start, reading: reading, places: placeCache{size: shardPlaces}}
	if err := c.load(ctx, s); err != nil {
		return nil, err
	}
	switch s.saved.SequenceNumber {
	case ShardEnd:
		r.started()
		return c.childrenOf(ctx, s.id, nil)
	case "":
	default:
		r.stored, r.handled = true, *s.saved
		r.at = Position{Type: AtSequenceNumber, SequenceNumber: s.saved.SequenceNumber}
	}
	named, err := read(ctx, r)
	if err != nil {
		return nil, err
	}
	r.started()
	if err := r.checkpoint(ctx, Checkpoint{SequenceNumber: ShardEnd}); err != nil {
		return nil, err
	}
	return c.childrenOf(ctx, s.id, named)
}

func (r *shardReader) started() {
	if r.reading != nil {
		r.reading()
		r.reading = nil
	}
}

func (r *shardReader) advance(sequenceNumber string) {
	r.at = Position{Type: AfterSequenceNumber, SequenceNumber: sequenceNumber}
	r.anchored = false
}

// anchor notes that the service accepted the position at about asked. Latest
// then becomes that instant: asking for the latest again, after an iterator or
// a subscription was lost before its first record, would skip what came between.
func (r *shardReader) anchor(asked time.Time) {
	if r.at.Type == Latest {
		r.at, r.anchored = Position{Type: AtTimestamp, Timestamp: asked}, true
	}
	r.started()
}

// putOff is Consumer's, but for one refusal: where this machine's clock is
// ahead of the service's, an instant just anchored lies in the future for a while.
func (r *shardReader) putOff(ctx context.Context, what string, failed *failures, err error) error {
	if _, refused := errors.AsType[*types.InvalidArgumentException](err); refused && r.anchored {
		failed.tries++
		return r.pause(ctx, what, r.jitter.Full(failed.tries-1, consumerBackoffBase, r.cfg.RetryMax), err)
	}
	return r.Consumer.putOff(ctx, what, failed, err)
}

// deliver hands user records over in batches, and moves on.
func (r *shardReader) deliver(ctx context.Context, records []types.Record, behind *int64) error {
	if len(records) == 0 {
		return nil
	}
	b := Batch{ShardID: r.id, MillisBehindLatest: aws.ToInt64(behind)}
	var users []ReceivedRecord
	perStored := 1 // user records in the stored one before
	for i := range records {
		if cap(users)-len(users) < perStored { // room for the rest of a batch, if it goes on like that
			users = slices.Grow(users, max(perStored, min((len(records)-i)*perStored, r.cfg.BatchRecordsMax-len(users))))
		}
		before := len(users)
		users = r.decode(ctx, users, &records[i])
		perStored = max(1, len(users)-before)
		for len(users) >= r.cfg.BatchRecordsMax || len(users) > 0 && i == len(records)-1 {
			n := min(len(users), r.cfg.BatchRecordsMax)
			b.Records, users = users[:n:n], users[n:]
			if err := r.handOver(ctx, b); err != nil {
				return err
			}
		}
	}
	r.advance(*records[len(records)-1].SequenceNumber)
	return nil
}

// handOver repeats a batch until the handler takes it, so that none is skipped,
// and stores a checkpoint.
func (r *shardReader) handOver(ctx context.Context, b Batch) error {
	for tries := 0; ; tries++ {
		err := r.handle(ctx, b)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		wait := r.jitter.Full(tries, consumerBackoffBase, r.cfg.RetryMax)
		if err := r.pause(ctx, fmt.Sprintf("handle %d records of %s", len(b.Records), r.id), wait, err); err != nil {
			return err
		}
	}
	r.records.Add(int64(len(b.Records)))
	last := &b.Records[len(b.Records)-1]
	return r.checkpoint(ctx, Checkpoint{SequenceNumber: last.SequenceNumber, SubSequence: last.SubSequence})
}

// checkpoint outlives ctx for one try, since what it stores is done.
func (r *shardReader) checkpoint(ctx context.Context, at Checkpoint) error {
	if r.cfg.Checkpoints == nil {
		return nil
	}
	var failed failures
	for {
		callCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.cfg.CallMax)
		err := r.cfg.Checkpoints.Store(callCtx, r.id, at)
		cancel()
		if err == nil {
			r.stored = true
			return nil
		}
		if err := r.putOff(ctx, "store checkpoint of "+r.id, &failed, err); err != nil {
			return err
		}
	}
}

// load fills in the shard's checkpoint, once.
func (c *Consumer) load(ctx context.Context, s *shard) error {
	if s.saved != nil {
		return nil
	}
	var saved Checkpoint
	if c.cfg.Checkpoints != nil {
		err := c.retry(ctx, "load checkpoint of "+s.id, func(ctx context.Context) (err error) {
			saved, err = c.cfg.Checkpoints.Load(ctx, s.id)
			return err
		})
		if err != nil {
			return err
		}
	}
	s.saved = &saved
	return nil
}
