package kafka

import (
	"context"

	"github.com/twmb/franz-go/pkg/kgo"
)

// toPartition travels in a record's context, the one field of it that is the
// caller's and that a partitioner sees.
type toPartition struct {
	context.Context
	partition int32
}

// ToPartition directs the record to a partition, whatever its key, and returns
// it: for what every partition must hear, and for state that lies beside its
// input.
func ToPartition(r *kgo.Record, partition int32) *kgo.Record {
	ctx := r.Context
	if ctx == nil {
		ctx = context.Background()
	}
	r.Context = toPartition{ctx, partition}
	return r
}

// partitioner is the one Java's clients have (murmur2 of the key, keyless
// records in runs on one partition), except for records with a place of their own.
type partitioner struct{ byKey kgo.Partitioner }

func newPartitioner() kgo.Partitioner { return partitioner{kgo.StickyKeyPartitioner(nil)} }

func (p partitioner) ForTopic(topic string) kgo.TopicPartitioner {
	return &topicPartitioner{byKey: p.byKey.ForTopic(topic)}
}

type topicPartitioner struct{ byKey kgo.TopicPartitioner }

// RequiresConsistency keeps a key's records on its partition even while that
// one has no leader.
func (p *topicPartitioner) RequiresConsistency(r *kgo.Record) bool {
	if _, ok := r.Context.(toPartition); ok {
		return true
	}
	return p.byKey.RequiresConsistency(r)
}

// Partition returns one past the last for a place that does not exist, which
// the client refuses.
func (p *topicPartitioner) Partition(r *kgo.Record, n int) int {
	if to, ok := r.Context.(toPartition); ok {
		if to.partition < 0 || int(to.partition) >= n {
			return n
		}
		return int(to.partition)
	}
	return p.byKey.Partition(r, n)
}

// OnNewBatch tells the sticky partitioner to move keyless records on.
func (p *topicPartitioner) OnNewBatch() {
	if sticky, ok := p.byKey.(kgo.TopicPartitionerOnNewBatch); ok {
		sticky.OnNewBatch()
	}
}
