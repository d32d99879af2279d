package kinesis

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// DescribeStreamConsumer shows one consumer.
// Ignored: StreamId, which AWS reserves.
// Limits: 20 calls/s.

// DescribeStreamConsumerInput is what DescribeStreamConsumer takes.
type DescribeStreamConsumerInput struct{ ConsumerRef }

// DescribeStreamConsumerOutput carries the description.
type DescribeStreamConsumerOutput struct {
	ConsumerDescription ConsumerDescription
}

// ConsumerDescription is a consumer with its stream.
type ConsumerDescription struct {
	Consumer
	StreamARN string
}

// Validate reports every violated constraint.
func (in *DescribeStreamConsumerInput) Validate() error {
	var v wire.Violations
	in.check(&v)
	return v.Err()
}

func (s *Service) describeStreamConsumer(_ context.Context, _ *wire.Call, in *DescribeStreamConsumerInput) (*DescribeStreamConsumerOutput, error) {
	st, c, err := s.consumer(in.ConsumerRef)
	if err != nil {
		return nil, err
	}
	st.mu.RLock()
	defer st.mu.RUnlock()
	return &DescribeStreamConsumerOutput{ConsumerDescription{Consumer: c.describe(), StreamARN: st.arn}}, nil
}
