package kinesis

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// decode turns stored records into user records, in order. Each is taken as
// plain: records that a KPL aggregated arrive as one, undecoded.
func decode(records []types.Record) []ReceivedRecord {
	out := make([]ReceivedRecord, len(records))
	for i := range records {
		r := &records[i]
		out[i] = ReceivedRecord{
			PartitionKey:   aws.ToString(r.PartitionKey),
			SequenceNumber: aws.ToString(r.SequenceNumber),
			Data:           r.Data,
			Arrival:        aws.ToTime(r.ApproximateArrivalTimestamp),
		}
	}
	return out
}
