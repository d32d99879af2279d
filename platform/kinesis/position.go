package kinesis

import (
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// PositionType says what a Position means.
type PositionType int

// The positions that Kinesis knows.
const (
	TrimHorizon         PositionType = iota // the oldest record kept
	Latest                                  // only what comes from now on
	AtTimestamp                             // the first record at or after Timestamp
	AtSequenceNumber                        // that record and all after it; one shard only
	AfterSequenceNumber                     // all after that record; one shard only
)

// Position is a place in a stream, or, for sequence numbers, in one shard.
type Position struct {
	Type           PositionType
	Timestamp      time.Time // of AtTimestamp
	SequenceNumber string    // of AtSequenceNumber and AfterSequenceNumber
}

func (p Position) validate(shards int) error {
	switch p.Type {
	case TrimHorizon, Latest:
		return nil
	case AtTimestamp:
		if p.Timestamp.IsZero() {
			return errors.New("Start AtTimestamp needs a Timestamp")
		}
		return nil
	case AtSequenceNumber, AfterSequenceNumber:
		if p.SequenceNumber == "" || shards != 1 {
			return errors.New("Start at a sequence number needs the number and exactly one of Shards")
		}
		return nil
	}
	return errors.New("Start has an unknown Type")
}

func isDecimal(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

// wire gives the three request fields that say a position.
func (p Position) wire() (kind types.ShardIteratorType, sequenceNumber *string, at *time.Time) {
	switch p.Type {
	case Latest:
		return types.ShardIteratorTypeLatest, nil, nil
	case AtTimestamp:
		return types.ShardIteratorTypeAtTimestamp, nil, &p.Timestamp
	case AtSequenceNumber:
		return types.ShardIteratorTypeAtSequenceNumber, &p.SequenceNumber, nil
	case AfterSequenceNumber:
		return types.ShardIteratorTypeAfterSequenceNumber, &p.SequenceNumber, nil
	default:
		return types.ShardIteratorTypeTrimHorizon, nil, nil
	}
}
