package kinesis

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/weirstream/weir/platform/cloud/internal/metering"
	"github.com/weirstream/weir/platform/cloud/wire"
)

// meters hold what the service measured of its streams, and of their consumers,
// since CloudWatch last asked. A call costs one short lock per stream.
type meters struct {
	mu   sync.RWMutex
	each map[meterKey]*metering.Meter
}

// meterKey names a stream, a consumer of one or a shard of one.
type meterKey struct{ stream, consumer, shard string }

func (m *meters) of(key meterKey) *metering.Meter {
	m.mu.RLock()
	meter := m.each[key]
	m.mu.RUnlock()
	if meter != nil {
		return meter
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.each == nil {
		m.each = make(map[meterKey]*metering.Meter)
	}
	if m.each[key] == nil {
		m.each[key] = &metering.Meter{}
	}
	return m.each[key]
}

// DrainMetrics hands out what was measured since its last call, under the names
// that CloudWatch has for it: metrics of streams, of their consumers and, where
// enhanced monitoring is on, of shards.
func (s *Service) DrainMetrics(emit func(metering.Sample)) {
	s.meters.mu.Lock()
	each := make(map[meterKey]*metering.Meter, len(s.meters.each))
	for key, meter := range s.meters.each {
		each[key] = meter
	}
	s.meters.mu.Unlock()
	for key, meter := range each {
		dimensions := []metering.Dimension{{Name: "StreamName", Value: key.stream}}
		if key.consumer != "" {
			dimensions = append(dimensions, metering.Dimension{Name: "ConsumerName", Value: key.consumer})
		}
		if key.shard != "" {
			dimensions = append(dimensions, metering.Dimension{Name: "ShardId", Value: key.shard})
		}
		if !meter.Drain("AWS/Kinesis", dimensions, emit) && !s.exists(key.stream) {
			s.meters.mu.Lock()
			delete(s.meters.each, key)
			s.meters.mu.Unlock()
		}
	}
}

func (s *Service) exists(stream string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.streams[stream] != nil
}

// measure adds measurements to a stream that exists. Names that callers make up
// cost no memory.
func (s *Service) measure(key meterKey, at time.Time, values ...metering.Value) {
	if s.exists(key.stream) {
		s.meters.of(key).Add(at, values...)
	}
}

// measured wraps the data operations' handlers with what CloudWatch counts of them.
func (s *Service) measured(operation string, handle handler) handler {
	switch operation {
	case "PutRecord", "PutRecords", "GetRecords", "SubscribeToShard":
	default:
		return handle
	}
	return func(ctx context.Context, call *wire.Call, in any) (any, error) {
		started := s.now()
		out, err := handle(ctx, call, in)
		now := s.now()
		took := float64(now.Sub(started).Microseconds()) / 1000
		switch in := in.(type) {
		case *PutRecordInput:
			s.measurePut(in, out, now, took, err)
		case *PutRecordsInput:
			s.measurePuts(in, out, now, took, err)
		case *GetRecordsInput:
			if t, sealed := s.sealer.open(iteratorToken, *in.ShardIterator); sealed == nil {
				read := pageOf(out)
				read.tookMillis = took
				s.measureGet(t.stream, shardID(t.shard), now, read, err)
			}
		case *SubscribeToShardInput:
			s.measureSubscribe(*in.ConsumerARN, now, err)
		}
		return out, err
	}
}

// refName is the stream's name in a reference, whether or not it exists.
func refName(r StreamRef) string {
	if r.StreamARN == nil {
		return deref(r.StreamName)
	}
	_, name, _ := strings.Cut(*r.StreamARN, ":stream/")
	return name
}

// refused reports whether a call failed for the limits of a shard or account.
func refused(err error) bool {
	var e *wire.Error
	return errors.As(err, &e) && (e.Code == codeThroughput || e.Code == codeLimit)
}

func truth(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

func count(name string, n float64) metering.Value {
	return metering.Value{Name: name, Unit: "Count", Value: n}
}

func bytesOf(name string, n int) metering.Value {
	return metering.Value{Name: name, Unit: "Bytes", Value: float64(n)}
}

func millis(name string, n float64) metering.Value {
	return metering.Value{Name: name, Unit: "Milliseconds", Value: n}
}

func (s *Service) measurePut(in *PutRecordInput, out any, now time.Time, took float64, err error) {
	key := meterKey{stream: refName(in.StreamRef)}
	values := []metering.Value{
		count("PutRecord.Success", truth(err == nil)), millis("PutRecord.Latency", took),
		count("WriteProvisionedThroughputExceeded", truth(refused(err))),
	}
	if err == nil {
		size := len(in.Data) + len(*in.PartitionKey)
		values = append(values, bytesOf("PutRecord.Bytes", size), bytesOf("IncomingBytes", size), count("IncomingRecords", 1))
	}
	s.measure(key, now, values...)
	st := s.monitored(key.stream)
	if result, ok := out.(*PutRecordOutput); st != nil && (ok && err == nil || refused(err)) {
		shard := ""
		if err == nil {
			shard = result.ShardID
		}
		s.measureShardPut(st, now, &PutRecordsEntry{Data: in.Data, PartitionKey: in.PartitionKey, ExplicitHashKey: in.ExplicitHashKey}, shard)
	}
}

func (s *Service) measurePuts(in *PutRecordsInput, out any, now time.Time, took float64, err error) {
	result, ok := out.(*PutRecordsOutput)
	if err != nil || !ok || len(result.Records) != len(in.Records) {
		s.measure(meterKey{stream: refName(in.StreamRef)}, now, count("PutRecords.Success", 0), millis("PutRecords.Latency", took))
		return
	}
	total, stored := len(in.Records), len(in.Records)-result.FailedRecordCount
	size, throttled := 0, 0
	for i := range in.Records {
		if code := result.Records[i].ErrorCode; code == "" {
			size += len(in.Records[i].Data) + len(*in.Records[i].PartitionKey)
		} else if code == codeThroughput {
			throttled++
		}
	}
	s.measure(meterKey{stream: refName(in.StreamRef)}, now,
		count("PutRecords.Success", truth(stored > 0)), millis("PutRecords.Latency", took),
		count("PutRecords.TotalRecords", float64(total)), count("PutRecords.SuccessfulRecords", float64(stored)),
		count("PutRecords.FailedRecords", float64(total-stored-throttled)), count("PutRecords.ThrottledRecords", float64(throttled)),
		bytesOf("PutRecords.Bytes", size), bytesOf("IncomingBytes", size), count("IncomingRecords", float64(stored)),
		count("WriteProvisionedThroughputExceeded", float64(throttled)))
	if st := s.monitored(refName(in.StreamRef)); st != nil {
		for i := range in.Records {
			s.measureShardPut(st, now, &in.Records[i], result.Records[i].ShardID)
		}
	}
}

// readPage is what metrics need to know of a read.
type readPage struct {
	records, bytes int
	behindMillis   int64
	tookMillis     float64
}

func pageOf(out any) (p readPage) {
	got, ok := out.(*GetRecordsOutput)
	if !ok || got == nil {
		return p
	}
	for i := range got.Records {
		p.bytes += len(got.Records[i].Data) + len(got.Records[i].PartitionKey)
	}
	p.records, p.behindMillis = len(got.Records), got.MillisBehindLatest
	return p
}

// measureGet counts a GetRecords, also that of a reader in this process. The
// iterator's age is how far behind the newest record it stands.
func (s *Service) measureGet(stream, shard string, now time.Time, p readPage, err error) {
	values := []metering.Value{
		count("GetRecords.Success", truth(err == nil)), millis("GetRecords.Latency", p.tookMillis),
		count("ReadProvisionedThroughputExceeded", truth(refused(err))),
	}
	if err == nil {
		values = append(values,
			count("GetRecords.Records", float64(p.records)), bytesOf("GetRecords.Bytes", p.bytes),
			millis("GetRecords.IteratorAgeMilliseconds", float64(p.behindMillis)))
	}
	s.measure(meterKey{stream: stream}, now, values...)
	if st := s.monitored(stream); st != nil {
		s.measureShardRead(st, shard, now, p, err)
	}
}

func (s *Service) measureSubscribe(consumerARN string, now time.Time, err error) {
	if key, ok := consumerMeter(consumerARN); ok {
		s.measure(key, now, count("SubscribeToShard.Success", truth(err == nil)), count("SubscribeToShard.RateExceeded", truth(refused(err))))
	}
}

// measureEvent counts what a subscription delivered or failed to.
func (s *Service) measureEvent(sub *subscription, d delivery, err error) {
	key := meterKey{stream: sub.st.name, consumer: sub.consumer}
	values := []metering.Value{count("SubscribeToShardEvent.Success", truth(err == nil))}
	if err == nil {
		values = append(values,
			count("SubscribeToShardEvent.Records", float64(d.records)), bytesOf("SubscribeToShardEvent.Bytes", d.bytes),
			millis("SubscribeToShardEvent.MillisBehindLatest", float64(d.behindMillis)))
	}
	now := s.now()
	s.measure(key, now, values...)
	if st := s.monitored(key.stream); st != nil && err == nil {
		s.measureShardRead(st, sub.sh.id, now, readPage{records: d.records, bytes: d.bytes, behindMillis: d.behindMillis}, nil)
	}
}

// consumerMeter takes arn:aws:kinesis:REGION:ACCOUNT:stream/STREAM/consumer/NAME:CREATED.
func consumerMeter(arn string) (meterKey, bool) {
	_, rest, ok := strings.Cut(arn, ":stream/")
	stream, consumer, isConsumer := strings.Cut(rest, "/consumer/")
	consumer, _, _ = strings.Cut(consumer, ":")
	return meterKey{stream: stream, consumer: consumer}, ok && isConsumer
}
