package kinesis

import (
	"strconv"
	"time"
)

// putScratch is what one PutRecords call works with, reused across calls.
type putScratch struct {
	keys     []hashKey
	head     []int32 // per open shard: its first record in the request, −1 for none
	next     []int32 // per record: the next record of the same shard, −1 at the end
	counters []uint64
	seconds  []int64
	shards   []*shard
	text     []byte
}

func (sc *putScratch) reset(records int) {
	sc.keys = resize(sc.keys, records)
	sc.next = resize(sc.next, records)
	sc.counters = resize(sc.counters, records)
	sc.seconds = resize(sc.seconds, records)
	sc.shards = resize(sc.shards, records)
}

func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

// appendAll stores the records of a call, shard by shard, noting in sc where each went.
func (s *Service) appendAll(st *stream, in *PutRecordsInput, sc *putScratch) (encrypted bool, err error) {
	st.mu.RLock()
	defer st.mu.RUnlock()
	if len(st.open) == 0 {
		return false, errStreamNotFound(st.name, s.cfg.Account)
	}
	most := st.RecordKiB << 10
	for i := range in.Records {
		if e := &in.Records[i]; len(e.Data)+len(*e.PartitionKey) > most {
			return false, errRecordSize("records."+strconv.Itoa(i+1)+".member.data", e.Data, most)
		}
	}
	if isTrue(in.DryRun) {
		return false, errDryRun()
	}
	sc.head = resize(sc.head, len(st.open))
	for i := range sc.head {
		sc.head[i] = -1
	}
	for i := len(in.Records) - 1; i >= 0; i-- { // backwards, so that the lists run forwards
		at := st.place(sc.keys[i])
		sc.next[i], sc.head[at] = sc.head[at], int32(i)
	}
	now := s.now()
	for at, first := range sc.head {
		if first >= 0 {
			st.open[at].appendList(now, in.Records, sc, first, st.KeyID)
		}
	}
	return st.KeyID != "", nil
}

// appendList stores one shard's records of a call under one lock.
func (sh *shard) appendList(now time.Time, records []PutRecordsEntry, sc *putScratch, first int32, keyID string) {
	millis := now.UnixMilli()
	sh.mu.Lock()
	defer sh.mu.Unlock()
	begin := sh.log.next
	for i := first; i >= 0; i = sc.next[i] {
		e := &records[i]
		sc.shards[i] = sh
		sc.counters[i] = 0
		if !sh.admit(now, len(e.Data)+len(*e.PartitionKey)) {
			continue
		}
		sc.counters[i] = sh.log.append(millis, *e.PartitionKey, e.Data, keyID != "")
		sc.seconds[i] = sh.log.last / 1000
	}
	if sh.log.next > begin {
		sh.stored(begin, keyID)
	}
}

// putResults renders the results; all sequence numbers share one string.
func (s *Service) putResults(st *stream, sc *putScratch) *PutRecordsOutput {
	out := &PutRecordsOutput{Records: make([]PutRecordsResult, len(sc.shards))}
	sc.text = sc.text[:0]
	for i, sh := range sc.shards {
		if sc.counters[i] != 0 {
			sc.text = sh.sequence(sc.counters[i], sc.seconds[i]).appendText(sc.text)
		}
	}
	numbers := string(sc.text)
	for i, sh := range sc.shards {
		if sc.counters[i] == 0 {
			e := s.errShardRate(sh.id, st.name)
			out.Records[i] = PutRecordsResult{ErrorCode: e.Code, ErrorMessage: e.Message}
			out.FailedRecordCount++
			continue
		}
		// Every number has 56 digits: the leading 2 at bit 184 fixes that.
		out.Records[i] = PutRecordsResult{SequenceNumber: numbers[:sequenceLen], ShardID: sh.id}
		numbers = numbers[sequenceLen:]
	}
	return out
}

const sequenceLen = 56
