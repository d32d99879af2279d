package kinesis

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// PutRecords stores up to 500 records. It is not atomic: a record over its
// shard's rate fails alone, the others are stored. Records of one shard keep
// the order of the request. A bad ExplicitHashKey rejects the whole call.
// Ignored: StreamId, which AWS reserves.
// Limits: 500 records and 10 MiB per call, partition keys included; 1 MiB/s
// and 1,000 records/s per shard; the stream's record size.

// PutRecordsInput is what PutRecords takes.
type PutRecordsInput struct {
	StreamRef
	Records []PutRecordsEntry
	DryRun  *bool
}

// PutRecordsEntry is one record of a PutRecordsInput.
type PutRecordsEntry struct {
	Data            []byte
	PartitionKey    *string
	ExplicitHashKey *string
}

// PutRecordsOutput has one result per record of the request, in its order.
type PutRecordsOutput struct {
	FailedRecordCount int
	Records           []PutRecordsResult
	EncryptionType    string `json:",omitempty"`
}

// PutRecordsResult says where a record is, or why it was not stored.
type PutRecordsResult struct {
	SequenceNumber string `json:",omitempty"`
	ShardID        string `json:"ShardId,omitempty"`
	ErrorCode      string `json:",omitempty"`
	ErrorMessage   string `json:",omitempty"`
}

const (
	putRecordsMax = 500
	putBytesMax   = 10 << 20
)

// Validate reports every violated constraint, but for missing partition keys
// alone: a stream with strategy AUTO takes such records.
func (in *PutRecordsInput) Validate() error {
	err := in.validate(true)
	if err != nil && in.validate(false) == nil {
		return nil
	}
	return err
}

func (in *PutRecordsInput) validate(needsKeys bool) error {
	var v wire.Violations
	if in.Records == nil {
		v.Null("records")
	} else if n := len(in.Records); n < 1 {
		v.Add("records", "[]", "Member must have length greater than or equal to 1")
	} else if n > putRecordsMax {
		v.Add("records", "[...]", fmt.Sprintf("Member must have length less than or equal to %d", putRecordsMax))
	}
	for i := range in.Records {
		in.Records[i].check(&v, i, needsKeys)
	}
	in.StreamRef.check(&v)
	return v.Err()
}

// check looks before it builds paths: nearly every record is fine.
func (e *PutRecordsEntry) check(v *wire.Violations, i int, needsKey bool) {
	if e.PartitionKey != nil && *e.PartitionKey != "" && len(*e.PartitionKey) <= partitionKeyMax &&
		e.Data != nil && len(e.Data) <= recordBytesMax && e.ExplicitHashKey == nil {
		return
	}
	path := "records." + strconv.Itoa(i+1) + ".member."
	if needsKey {
		required(v, path+"partitionKey", e.PartitionKey)
	}
	if e.PartitionKey != nil {
		checkLength(v, path+"partitionKey", *e.PartitionKey, 1, partitionKeyMax)
	}
	checkNumber(v, path+"explicitHashKey", e.ExplicitHashKey, hashKeyDigits)
	if e.Data == nil {
		v.Null(path + "data")
	}
	checkData(v, path+"data", e.Data, recordBytesMax)
}

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

func (s *Service) putRecords(_ context.Context, _ *wire.Call, in *PutRecordsInput) (*PutRecordsOutput, error) {
	st, err := s.stream(in.StreamRef)
	if err != nil {
		return nil, err
	}
	if err := s.checkKeys(st, in); err != nil {
		return nil, err
	}
	sc := s.puts.Get().(*putScratch)
	defer func() {
		clear(sc.shards) // keep no deleted stream alive
		s.puts.Put(sc)
	}()
	sc.reset(len(in.Records))
	total := 0
	for i := range in.Records {
		e := &in.Records[i]
		total += len(e.Data) + len(*e.PartitionKey)
		if sc.keys[i], err = placement(e.PartitionKey, e.ExplicitHashKey); err != nil {
			return nil, err
		}
	}
	if total > putBytesMax {
		return nil, wire.Errorf(codeInvalidArgument, "Records size exceeds %d MB limit", putBytesMax>>20)
	}
	if err := s.residency.admit(); err != nil {
		return nil, err
	}
	encrypted, err := s.appendAll(st, in, sc)
	if err != nil {
		return nil, err
	}
	s.residency.relieve()
	out := s.putResults(st, sc)
	out.EncryptionType = recordEncryption(encrypted)
	return out, nil
}

// checkKeys lets records without a partition key go to streams that need none.
func (s *Service) checkKeys(st *stream, in *PutRecordsInput) error {
	auto, known := false, false
	for i := range in.Records {
		if in.Records[i].PartitionKey != nil {
			continue
		}
		if !known {
			st.mu.RLock()
			auto, known = st.Strategy == strategyAuto, true
			st.mu.RUnlock()
		}
		if !auto {
			return in.validate(true)
		}
		in.Records[i].PartitionKey = new(string)
	}
	return nil
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

func itoa(n int) string { return strconv.Itoa(n) }
