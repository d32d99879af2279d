package kinesis

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// catchUpInterval keeps a lagging reader within five reads a second and shard.
const catchUpInterval = 200 * time.Millisecond

// poll reads a shard with shared throughput. An expired iterator (a handler or
// an outage of five minutes) is replaced by one after the last handled record.
func poll(ctx context.Context, r *shardReader) ([]types.ChildShard, error) {
	var iterator *string
	var failed failures
	for {
		began := r.cfg.Clock.Now()
		out, err := r.getRecords(ctx, &iterator)
		if err != nil {
			if _, expired := errors.AsType[*types.ExpiredIteratorException](err); expired {
				iterator = nil
			}
			if err := r.putOff(ctx, "read "+r.id, &failed, err); err != nil {
				return nil, err
			}
			continue
		}
		failed = failures{}
		if err := r.deliver(ctx, out.Records, out.MillisBehindLatest); err != nil {
			return nil, err
		}
		if out.NextShardIterator == nil {
			return out.ChildShards, nil
		}
		iterator = out.NextShardIterator
		interval := r.cfg.PollInterval
		if aws.ToInt64(out.MillisBehindLatest) > 0 {
			interval = min(interval, catchUpInterval)
		}
		if err := r.cfg.Clock.Sleep(ctx, interval-r.cfg.Clock.Now().Sub(began)); err != nil {
			return nil, err
		}
	}
}

// getRecords reads at iterator, which it first gets where there is none.
func (r *shardReader) getRecords(ctx context.Context, iterator **string) (*kinesis.GetRecordsOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, r.cfg.CallMax)
	defer cancel()
	name, arn := streamRef(r.cfg.Stream)
	if *iterator == nil {
		in := &kinesis.GetShardIteratorInput{StreamName: name, StreamARN: arn, ShardId: &r.id}
		in.ShardIteratorType, in.StartingSequenceNumber, in.Timestamp = r.at.wire()
		asked := r.cfg.Clock.Now()
		out, err := r.api.GetShardIterator(ctx, in, oneTry)
		if err != nil {
			return nil, err
		}
		*iterator = out.ShardIterator
		r.anchor(asked)
	}
	in := &kinesis.GetRecordsInput{ShardIterator: *iterator, StreamARN: arn, Limit: aws.Int32(int32(r.cfg.BatchRecordsMax))}
	return r.api.GetRecords(ctx, in, oneTry, r.wire)
}
