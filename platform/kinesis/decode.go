package kinesis

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// decode appends the user records of a stored record, in their order, less
// those handled by an earlier run.
func (r *shardReader) decode(ctx context.Context, users []ReceivedRecord, stored *types.Record) []ReceivedRecord {
	start := len(users)
	users, err := deaggregate(users, ReceivedRecord{
		PartitionKey:   aws.ToString(stored.PartitionKey),
		SequenceNumber: aws.ToString(stored.SequenceNumber),
		Data:           stored.Data,
		Arrival:        aws.ToTime(stored.ApproximateArrivalTimestamp),
	}, r.hashes, &r.places)
	if err != nil {
		r.dropped.Add(1)
		r.cfg.Logger.WarnContext(ctx, "kinesis consumer drops user records", "stream", r.cfg.Stream, "shard", r.id, "error", err)
	}
	if r.handled.SequenceNumber == aws.ToString(stored.SequenceNumber) {
		done := min(r.handled.SubSequence+1, len(users)-start)
		users = slices.Delete(users, start, start+done)
	}
	return users
}
