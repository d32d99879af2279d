package kinesis

import "github.com/weirstream/weir/platform/cloud/wire"

// The structures below appear in replies; the names of their members are AWS's.

// HashKeyRange is the inclusive range of hash keys of a shard.
type HashKeyRange struct {
	StartingHashKey string
	EndingHashKey   string
}

func (r hashRange) wire() HashKeyRange {
	return HashKeyRange{StartingHashKey: r.start.String(), EndingHashKey: r.end.String()}
}

// SequenceNumberRange is where a shard's numbers begin and, once closed, end.
type SequenceNumberRange struct {
	StartingSequenceNumber string
	EndingSequenceNumber   string `json:",omitempty"`
}

// Shard describes a shard.
type Shard struct {
	ShardID               string `json:"ShardId"`
	ParentShardID         string `json:"ParentShardId,omitempty"`
	AdjacentParentShardID string `json:"AdjacentParentShardId,omitempty"`
	HashKeyRange          HashKeyRange
	SequenceNumberRange   SequenceNumberRange
}

// ChildShard continues a closed shard.
type ChildShard struct {
	ShardID      string `json:"ShardId"`
	ParentShards []string
	HashKeyRange HashKeyRange
}

// DataRecord is a stored record in a reply. Data belongs to the store: a hook
// may replace it, but must not write into it.
type DataRecord struct {
	SequenceNumber              string
	ApproximateArrivalTimestamp wire.Timestamp
	Data                        []byte
	PartitionKey                string
	EncryptionType              string `json:",omitempty"`
}

// StreamModeDetails is how a stream's capacity is managed.
type StreamModeDetails struct {
	StreamMode string
}

// describe is the shard as ListShards and DescribeStream show it.
func (sh *shard) describe() Shard {
	d := Shard{
		ShardID:             sh.id,
		HashKeyRange:        sh.keys.wire(),
		SequenceNumberRange: SequenceNumberRange{StartingSequenceNumber: sh.startingSequence()},
	}
	if len(sh.parents) > 0 {
		d.ParentShardID = sh.parents[0]
	}
	if len(sh.parents) > 1 {
		d.AdjacentParentShardID = sh.parents[1]
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if !sh.closedAt.IsZero() {
		d.SequenceNumberRange.EndingSequenceNumber = sh.sequence(endCounter, sh.closedAt.Unix()).String()
	}
	return d
}
