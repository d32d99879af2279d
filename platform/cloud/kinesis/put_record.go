package kinesis

import (
	"context"
	"strconv"
	"time"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// PutRecord stores one record and returns its shard and sequence number.
// SequenceNumberForOrdering is checked and otherwise needs nothing: numbers of
// a key always rise. Ignored: StreamId, which AWS reserves.
// With strategy AUTO the keys are ignored and PartitionKey may be missing.
// Limits: 1 MiB/s and 1,000 records/s per shard; the stream's record size.

// PutRecordInput is what PutRecord takes.
type PutRecordInput struct {
	StreamRef
	Data                      []byte
	PartitionKey              *string
	ExplicitHashKey           *string
	SequenceNumberForOrdering *string
	DryRun                    *bool
}

// PutRecordOutput says where the record is.
type PutRecordOutput struct {
	ShardID        string `json:"ShardId"`
	SequenceNumber string
	EncryptionType string `json:",omitempty"`
}

// Validate reports every violated constraint, but for a missing partition key
// alone: a stream with strategy AUTO takes such a record.
func (in *PutRecordInput) Validate() error {
	err := in.validate(true)
	if err != nil && in.PartitionKey == nil && in.validate(false) == nil {
		return nil
	}
	return err
}

func (in *PutRecordInput) validate(needsKey bool) error {
	var v wire.Violations
	checkNumber(&v, "sequenceNumberForOrdering", in.SequenceNumberForOrdering, sequenceDigits)
	if needsKey {
		required(&v, "partitionKey", in.PartitionKey)
	}
	if in.PartitionKey != nil {
		checkLength(&v, "partitionKey", *in.PartitionKey, 1, partitionKeyMax)
	}
	checkNumber(&v, "explicitHashKey", in.ExplicitHashKey, hashKeyDigits)
	if in.Data == nil {
		v.Null("data")
	}
	checkData(&v, "data", in.Data, recordBytesMax)
	in.check(&v)
	return v.Err()
}

func (s *Service) putRecord(_ context.Context, _ *wire.Call, in *PutRecordInput) (*PutRecordOutput, error) {
	st, err := s.stream(in.StreamRef)
	if err != nil {
		return nil, err
	}
	st.mu.RLock()
	defer st.mu.RUnlock()
	if in.PartitionKey == nil {
		if st.Strategy != strategyAuto {
			return nil, in.validate(true)
		}
		in.PartitionKey = new(string)
	}
	key, err := placement(in.PartitionKey, in.ExplicitHashKey)
	if err != nil {
		return nil, err
	}
	if in.SequenceNumberForOrdering != nil {
		last, err := parseSequence(*in.SequenceNumberForOrdering)
		if latest := s.now().Add(orderingAheadMax).Unix(); err != nil || last.createdSecond > latest || last.putSecond > latest {
			return nil, wire.Errorf(codeInvalidArgument, "ExclusiveMinimumSequenceNumber %s used in PutRecord on stream %s under account %s is invalid.",
				*in.SequenceNumberForOrdering, st.name, s.cfg.Account)
		}
	}
	if len(st.open) == 0 {
		return nil, errStreamNotFound(st.name, s.cfg.Account)
	}
	size := len(in.Data) + len(*in.PartitionKey)
	if most := st.RecordKiB << 10; size > most {
		return nil, errRecordSize("data", in.Data, most)
	}
	if isTrue(in.DryRun) {
		return nil, errDryRun()
	}
	if err := s.residency.admit(); err != nil {
		return nil, err
	}
	defer s.residency.relieve()
	sh, encrypted := st.open[st.place(key)], st.KeyID != ""
	now := s.now()

	sh.mu.Lock()
	if !sh.admit(now, size) {
		sh.mu.Unlock()
		return nil, s.errShardRate(sh.id, st.name)
	}
	counter := sh.log.append(now.UnixMilli(), *in.PartitionKey, in.Data, encrypted)
	second := sh.log.last / 1000
	sh.stored(counter, st.KeyID)
	sh.mu.Unlock()
	return &PutRecordOutput{
		ShardID:        sh.id,
		SequenceNumber: sh.sequence(counter, second).String(),
		EncryptionType: recordEncryption(encrypted),
	}, nil
}

const (
	// orderingAheadMax leaves room for a clock that was set back; numbers from
	// further ahead are made up.
	orderingAheadMax = 24 * time.Hour

	partitionKeyMax = 256
	recordBytesMax  = 10 << 20
)

// placement is where a record belongs: its explicit hash key or its key's hash.
func placement(partitionKey, explicit *string) (hashKey, error) {
	if explicit == nil {
		return hashOf(*partitionKey), nil
	}
	key, ok := parseHashKey(*explicit)
	if !ok {
		return hashKey{}, wire.Errorf(codeInvalidArgument,
			"Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was %s", *explicit)
	}
	return key, nil
}

// errRecordSize refuses a record above the stream's own limit. That AWS words
// it as the constraint on Data is unverified.
func errRecordSize(path string, data []byte, most int) error {
	var v wire.Violations
	v.Add(path, byteBuffer(data), "Member must have length less than or equal to "+strconv.Itoa(most))
	return v.Err()
}
