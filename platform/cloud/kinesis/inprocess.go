package kinesis

import (
	"context"
	"time"
)

// The functions below let other services of this process read streams without
// HTTP, under the same limits and with the same errors as the API.

// ShardInfo is a shard as an in-process reader sees it.
type ShardInfo struct {
	ID      string
	Parents []string
	Closed  bool
}

// Position is where in a shard to start reading.
type Position struct {
	Type           string // AT_SEQUENCE_NUMBER, AFTER_SEQUENCE_NUMBER, TRIM_HORIZON, LATEST or AT_TIMESTAMP
	SequenceNumber string
	Timestamp      time.Time
}

func (p Position) starting(operation string) startingPosition {
	start := startingPosition{kind: p.Type, operation: operation}
	if p.SequenceNumber != "" {
		start.sequence = &p.SequenceNumber
	}
	if !p.Timestamp.IsZero() {
		start.timestamp = &p.Timestamp
	}
	return start
}

// Record is one stored record. Data belongs to the store and must not be written into.
type Record struct {
	SequenceNumber, PartitionKey string
	Data                         []byte
	Arrival                      time.Time
}

// Batch is what one read of a shard gave. Without records it is a sign of life
// that moves Next on.
type Batch struct {
	Records            []Record
	Next               Position // where to continue
	MillisBehindLatest int64
	End                bool // the shard is closed and read to its end
}

// Shards lists all shards in retention, closed ones included, by id.
func (s *Service) Shards(streamARN string) ([]ShardInfo, error) {
	st, err := s.stream(StreamRef{StreamARN: &streamARN})
	if err != nil {
		return nil, err
	}
	st.trim(s.now())
	st.mu.RLock()
	defer st.mu.RUnlock()
	list := make([]ShardInfo, 0, len(st.shards))
	for _, sh := range st.shards {
		list = append(list, ShardInfo{ID: sh.id, Parents: sh.parents, Closed: sh.isClosed()})
	}
	return list, nil
}

// ReadShard reads up to limit records from a position. It counts against the
// shard's read limits as GetRecords does.
func (s *Service) ReadShard(ctx context.Context, streamARN, shardID string, from Position, limit int) (Batch, error) {
	if err := ctx.Err(); err != nil {
		return Batch{}, err
	}
	st, err := s.stream(StreamRef{StreamARN: &streamARN})
	if err != nil {
		return Batch{}, err
	}
	now := s.now()
	sh, p, err := s.pollFrom(st, shardID, now, from.starting("ReadShard"), max(1, min(limit, getRecordsMax)))
	if sh == nil {
		return Batch{}, err
	}
	s.measureGet(st.name, sh.id, now, readPage{records: p.records, bytes: p.bytes, behindMillis: p.behindMillis}, err)
	if err == nil {
		err = s.cfg.Data.Wait(ctx) // nobody acts on a record that a crash could take back
	}
	if err != nil {
		return Batch{}, err
	}
	return sh.batch(p, now), nil
}

// pollFrom polls a shard from a position. The shard is nil if it never came to that.
func (s *Service) pollFrom(st *stream, shardID string, now time.Time, from startingPosition, limit int) (*shard, page, error) {
	st.mu.RLock()
	defer st.mu.RUnlock()
	sh, err := s.findShard(st, shardID)
	if err != nil {
		return nil, page{}, err
	}
	counter, err := s.resolvePosition(st, sh, now, from)
	if err != nil {
		return nil, page{}, err
	}
	p, err := s.poll(st, sh, now, counter, limit)
	return sh, p, err
}

// SubscribeShard is SubscribeToShard without HTTP: it calls deliver, from this
// goroutine, with records as they arrive and with an empty batch about every
// 5 s without any. It returns nil when ctx ends, after five minutes and at the
// shard's end; otherwise why the subscription was refused or is over, or
// deliver's error.
func (s *Service) SubscribeShard(ctx context.Context, consumerARN, shardID string, from Position, deliver func(Batch) error) error {
	sub, err := s.subscribe(consumerARN, shardID, from.starting("SubscribeShard"), false)
	if err != nil {
		return err
	}
	return s.follow(ctx, nil, sub, func(d delivery) error { return deliver(sub.sh.batch(d.page, s.now())) })
}

// batch renders a page for in-process readers.
func (sh *shard) batch(p page, now time.Time) Batch {
	b := Batch{
		Records:            make([]Record, 0, p.records),
		MillisBehindLatest: p.behindMillis,
		End:                p.end,
	}
	for _, r := range sh.records(p) {
		b.Records = append(b.Records, Record{
			SequenceNumber: r.SequenceNumber,
			PartitionKey:   r.PartitionKey,
			Data:           r.Data,
			Arrival:        r.ApproximateArrivalTimestamp.Time,
		})
	}
	last := sh.sequence(p.next-1, now.Unix()).String()
	if n := len(b.Records); n > 0 {
		last = b.Records[n-1].SequenceNumber
	}
	b.Next = Position{Type: afterSequence, SequenceNumber: last}
	return b
}
