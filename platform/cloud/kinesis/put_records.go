package kinesis

import (
	"context"
	"fmt"
	"strconv"

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
