package kinesis

import (
	"errors"
	"fmt"
	"unicode/utf8"
)

// Limits of one PutRecords call and of one record.
const (
	batchRecordsLimit = 500
	batchBytesLimit   = 10 << 20
	recordBytesLimit  = 10 << 20 // a stream's own limit is lower: 1 MiB unless it was raised
	keyRunesLimit     = 256
)

// Record is what a producer puts.
type Record struct {
	PartitionKey    string // 1 to 256 characters; its MD5 picks the shard
	ExplicitHashKey string // decimal in [0, 2^128); "" means the key's MD5
	Data            []byte // must stay unchanged until the record is acknowledged
}

// size is what the service counts: the data before base64 and the key.
func (r *Record) size() int { return len(r.Data) + len(r.PartitionKey) }

// hash is the place of a checked record in the key space.
func (r *Record) hash() hashKey {
	if k, ok := parseHashKey(r.ExplicitHashKey); ok {
		return k
	}
	return hashOf(r.PartitionKey)
}

// Receipt says where an acknowledged record lies; those of an aggregate share one.
type Receipt struct{ ShardID, SequenceNumber string }

// TooLargeError refuses a record that is beyond what the stream accepts.
type TooLargeError struct{ SizeBytes, LimitBytes int }

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("record of %d bytes (data and partition key) is beyond the limit of %d bytes", e.SizeBytes, e.LimitBytes)
}

// InvalidRecordError refuses a record that the service would reject together
// with every other record of its call.
type InvalidRecordError struct{ Field, Problem string }

func (e *InvalidRecordError) Error() string { return fmt.Sprintf("record %s %s", e.Field, e.Problem) }

// check keeps one caller's bad record from failing a batch it shares with others.
func (r *Record) check(sizeMax int) error {
	switch runes := utf8.RuneCountInString(r.PartitionKey); {
	case runes == 0:
		return &InvalidRecordError{"partition key", "is empty; give 1 to 256 characters"}
	case runes > keyRunesLimit:
		return &InvalidRecordError{"partition key", fmt.Sprintf("has %d characters; at most %d are allowed", runes, keyRunesLimit)}
	case !utf8.ValidString(r.PartitionKey):
		return &InvalidRecordError{"partition key", "is not valid UTF-8"}
	}
	if r.size() > sizeMax {
		return &TooLargeError{SizeBytes: r.size(), LimitBytes: sizeMax}
	}
	if r.ExplicitHashKey == "" {
		return nil
	}
	return checkHashKey(r.ExplicitHashKey)
}

func checkHashKey(key string) error {
	wrong := &InvalidRecordError{"explicit hash key", fmt.Sprintf("%q is not a decimal in [0, 2^128) without leading zeros", key)}
	if _, ok := parseHashKey(key); !ok || key[0] == '0' && len(key) > 1 {
		return wrong
	}
	return nil
}

// ErrStopped refuses records for a producer whose Run has ended or is ending,
// and fails those that the final flush could not deliver.
var ErrStopped = errors.New("producer stopped")
