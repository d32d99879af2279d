package kinesis

import (
	"slices"
	"time"

	"github.com/weirstream/weir/platform/cloud/internal/metering"
)

// measureShard counts what happened on one shard, as far as enhanced monitoring
// is switched on for it.
func (s *Service) measureShard(st *stream, shard string, at time.Time, values ...metering.Value) {
	st.mu.RLock()
	wanted := st.Metrics
	st.mu.RUnlock()
	values = slices.DeleteFunc(values, func(v metering.Value) bool { return !slices.Contains(wanted, v.Name) })
	if len(values) > 0 {
		s.measure(meterKey{stream: st.name, shard: shard}, at, values...)
	}
}

// monitored is the stream, if enhanced monitoring is on for it in any part; else nil.
func (s *Service) monitored(name string) *stream {
	s.mu.RLock()
	st := s.streams[name]
	s.mu.RUnlock()
	if st == nil {
		return nil
	}
	st.mu.RLock()
	defer st.mu.RUnlock()
	if len(st.Metrics) == 0 {
		return nil
	}
	return st
}

// measureShardPut counts one record of a put: shard is where it is, or "" where
// its shard's limits refused it.
func (s *Service) measureShardPut(st *stream, at time.Time, e *PutRecordsEntry, shard string) {
	if shard != "" {
		s.measureShard(st, shard, at, bytesOf("IncomingBytes", len(e.Data)+len(deref(e.PartitionKey))), count("IncomingRecords", 1),
			count("WriteProvisionedThroughputExceeded", 0))
		return
	}
	key, err := placement(e.PartitionKey, e.ExplicitHashKey)
	if err != nil {
		return
	}
	st.mu.RLock()
	if len(st.open) > 0 { // it may have been resharded since
		shard = st.open[st.route(key)].id
	}
	st.mu.RUnlock()
	s.measureShard(st, shard, at, count("WriteProvisionedThroughputExceeded", 1))
}

// measureShardRead counts a read of a shard, by polling or by fan-out.
func (s *Service) measureShardRead(st *stream, shard string, at time.Time, p readPage, err error) {
	if err != nil {
		s.measureShard(st, shard, at, count("ReadProvisionedThroughputExceeded", truth(refused(err))))
		return
	}
	s.measureShard(st, shard, at, bytesOf("OutgoingBytes", p.bytes), count("OutgoingRecords", float64(p.records)),
		millis("IteratorAgeMilliseconds", float64(p.behindMillis)), count("ReadProvisionedThroughputExceeded", 0))
}
