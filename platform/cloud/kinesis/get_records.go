package kinesis

import (
	"context"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// GetRecords reads on from an iterator. A closed shard read to its end has no
// NextShardIterator and names its children instead; that is also said with
// the last records. The same iterator read twice gives the same records.
// Ignored: StreamId, which AWS reserves.
// Limits: 5 calls/s and 2 MiB/s per shard, 10,000 records and 10 MiB per
// reply; a reply of 10 MiB bars the shard for 5 s.

// GetRecordsInput is what GetRecords takes.
type GetRecordsInput struct {
	ShardIterator *string
	Limit         *int
	StreamARN     *string
	StreamID      *string `json:"StreamId"`
	DryRun        *bool
}

// GetRecordsOutput carries the records and where to go on.
type GetRecordsOutput struct {
	Records            []DataRecord
	NextShardIterator  *string `json:",omitempty"`
	MillisBehindLatest int64
	ChildShards        []ChildShard `json:",omitempty"`
}

const (
	getRecordsMax = 10_000
	getBytesMax   = 10 << 20
)

// Validate reports every violated constraint.
func (in *GetRecordsInput) Validate() error {
	var v wire.Violations
	if required(&v, "shardIterator", in.ShardIterator) {
		checkLength(&v, "shardIterator", *in.ShardIterator, 1, 512)
	}
	if in.Limit != nil && *in.Limit < 1 {
		checkLimit(&v, "limit", in.Limit, 1, getRecordsMax)
	}
	StreamRef{StreamARN: in.StreamARN, StreamID: in.StreamID}.checkGiven(&v)
	return v.Err()
}

// accessIterator asks for the action on the iterator's stream. An iterator
// that cannot be read leads nowhere, so it needs no permission to be refused.
func (s *Service) accessIterator(_ *wire.Call, in *GetRecordsInput) []wire.Access {
	t, err := s.sealer.open(iteratorToken, *in.ShardIterator)
	if err != nil {
		return nil
	}
	return []wire.Access{{Action: "kinesis:GetRecords", Resource: s.streamARN(t.stream)}}
}

func (s *Service) getRecords(_ context.Context, _ *wire.Call, in *GetRecordsInput) (*GetRecordsOutput, error) {
	limit := getRecordsMax
	if in.Limit != nil {
		limit = *in.Limit
	}
	if limit > getRecordsMax {
		return nil, wire.Errorf(codeInvalidArgument, "Limit %d is above the maximum of %d.", limit, getRecordsMax)
	}
	t, err := s.sealer.open(iteratorToken, *in.ShardIterator)
	if err != nil {
		return nil, errIterator()
	}
	now := s.now()
	if now.Sub(t.issued) > tokenTTL {
		return nil, errIteratorExpired(t.issued, now)
	}
	if in.StreamARN != nil && *in.StreamARN != s.streamARN(t.stream) {
		return nil, wire.Errorf(codeInvalidArgument, "StreamARN %s does not match the stream of the ShardIterator.", *in.StreamARN)
	}
	st, err := s.streamNamed(t.stream)
	if err != nil {
		return nil, s.errNoShard(shardID(t.shard), t.stream)
	}
	st.mu.RLock()
	defer st.mu.RUnlock()
	sh := st.shard(t.shard)
	if sh == nil || st.birth != t.birth {
		return nil, s.errNoShard(shardID(t.shard), t.stream)
	}
	if isTrue(in.DryRun) {
		return nil, errDryRun()
	}
	p, err := s.poll(st, sh, now, t.position, limit)
	if err != nil {
		return nil, err
	}
	out := &GetRecordsOutput{Records: sh.records(p), MillisBehindLatest: p.behindMillis}
	if p.end {
		out.ChildShards = st.children(sh)
		return out, nil
	}
	next := s.iterator(st, sh, now, p.next)
	out.NextShardIterator = &next
	return out, nil
}

// poll reads within the limits that all polling readers of a shard share.
func (s *Service) poll(st *stream, sh *shard, now time.Time, counter uint64, limit int) (page, error) {
	sh.mu.Lock()
	admitted := sh.readBytes.has(now, 1) && sh.readCalls.take(now, 1)
	sh.mu.Unlock()
	if !admitted {
		return page{}, s.errShardRate(sh.id, st.name)
	}
	horizon := st.horizon(now)
	defer s.residency.relieve()
	if err := sh.lockLoaded(horizon, counter); err != nil {
		return page{}, err
	}
	defer sh.mu.Unlock()
	p := sh.readLocked(now, horizon, counter, limit, getBytesMax)
	sh.readBytes.spend(now, float64(p.bytes))
	return p, nil
}
