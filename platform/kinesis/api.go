package kinesis

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/kinesis"
)

// PutRecordsAPI is what producers need of *kinesis.Client. It is called
// concurrently, once per batch; ctx covers one call.
type PutRecordsAPI interface {
	PutRecords(ctx context.Context, in *kinesis.PutRecordsInput, opts ...func(*kinesis.Options)) (*kinesis.PutRecordsOutput, error)
}

// ProducerAPI is what a Producer needs of *kinesis.Client. ListShards is only
// called with Aggregation.
type ProducerAPI interface {
	PutRecordsAPI
	ListShards(ctx context.Context, in *kinesis.ListShardsInput, opts ...func(*kinesis.Options)) (*kinesis.ListShardsOutput, error)
}

// API is what a Consumer needs of *kinesis.Client. The client must have no
// overall HTTP time-out when enhanced fan-out is used: a subscription lasts up
// to five minutes, each on a connection (or HTTP/2 stream) of its own.
type API interface {
	ListShards(ctx context.Context, in *kinesis.ListShardsInput, opts ...func(*kinesis.Options)) (*kinesis.ListShardsOutput, error)
	GetShardIterator(ctx context.Context, in *kinesis.GetShardIteratorInput, opts ...func(*kinesis.Options)) (*kinesis.GetShardIteratorOutput, error)
	GetRecords(ctx context.Context, in *kinesis.GetRecordsInput, opts ...func(*kinesis.Options)) (*kinesis.GetRecordsOutput, error)
	DescribeStreamSummary(ctx context.Context, in *kinesis.DescribeStreamSummaryInput, opts ...func(*kinesis.Options)) (*kinesis.DescribeStreamSummaryOutput, error)
	DescribeStreamConsumer(ctx context.Context, in *kinesis.DescribeStreamConsumerInput, opts ...func(*kinesis.Options)) (*kinesis.DescribeStreamConsumerOutput, error)
	RegisterStreamConsumer(ctx context.Context, in *kinesis.RegisterStreamConsumerInput, opts ...func(*kinesis.Options)) (*kinesis.RegisterStreamConsumerOutput, error)
	SubscribeToShard(ctx context.Context, in *kinesis.SubscribeToShardInput, opts ...func(*kinesis.Options)) (*kinesis.SubscribeToShardOutput, error)
}

var (
	_ ProducerAPI = (*kinesis.Client)(nil)
	_ API         = (*kinesis.Client)(nil)
)

// streamRef splits a stream given by name or ARN into the two request fields,
// of which exactly one is set.
func streamRef(stream string) (name, arn *string) {
	if strings.HasPrefix(stream, "arn:") {
		return nil, &stream
	}
	return &stream, nil
}
