package kinesis

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// registerInterval is how often a consumer that is being created is looked at:
// AWS allows 20 looks a second for the whole account.
const registerInterval = 200 * time.Millisecond

// method is polling, or fan-out by a registered and active consumer.
func (c *Consumer) method(ctx context.Context) (method, error) {
	if c.cfg.ConsumerName == "" {
		return poll, nil
	}
	streamARN, err := c.streamARN(ctx)
	if err != nil {
		return nil, err
	}
	consumerARN, err := c.register(ctx, streamARN)
	if err != nil {
		return nil, err
	}
	return fanOut(consumerARN), nil
}

func (c *Consumer) streamARN(ctx context.Context) (arn string, err error) {
	if strings.HasPrefix(c.cfg.Stream, "arn:") {
		return c.cfg.Stream, nil
	}
	err = c.retry(ctx, "describe stream", func(ctx context.Context) error {
		out, err := c.api.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: &c.cfg.Stream}, oneTry)
		if err == nil {
			arn = aws.ToString(out.StreamDescriptionSummary.StreamARN)
		}
		return err
	})
	return arn, err
}

// register finds the consumer by name, or creates it, and waits until it is
// ACTIVE. It is never deregistered here: other processes may use it, and a new
// one of the same name would be another consumer.
func (c *Consumer) register(ctx context.Context, streamARN string) (consumerARN string, err error) {
	what := fmt.Sprintf("register consumer %s", c.cfg.ConsumerName)
	for consumerARN == "" {
		err := c.retry(ctx, what, func(ctx context.Context) (err error) {
			consumerARN, err = c.lookOrCreate(ctx, streamARN)
			return err
		})
		if err != nil {
			return "", err
		}
		if consumerARN == "" {
			if err := c.cfg.Clock.Sleep(ctx, registerInterval); err != nil {
				return "", err
			}
		}
	}
	return consumerARN, nil
}

// lookOrCreate returns "" while the consumer is not ACTIVE.
func (c *Consumer) lookOrCreate(ctx context.Context, streamARN string) (string, error) {
	out, err := c.api.DescribeStreamConsumer(ctx, &kinesis.DescribeStreamConsumerInput{
		StreamARN: &streamARN, ConsumerName: &c.cfg.ConsumerName,
	}, oneTry)
	if err == nil {
		if d := out.ConsumerDescription; d.ConsumerStatus == types.ConsumerStatusActive {
			return aws.ToString(d.ConsumerARN), nil
		}
		return "", nil
	}
	if _, missing := errors.AsType[*types.ResourceNotFoundException](err); !missing {
		return "", err
	}
	_, err = c.api.RegisterStreamConsumer(ctx, &kinesis.RegisterStreamConsumerInput{
		StreamARN: &streamARN, ConsumerName: &c.cfg.ConsumerName,
	}, oneTry)
	if _, raced := errors.AsType[*types.ResourceInUseException](err); raced {
		return "", nil // another process registers it, or it is being deleted
	}
	return "", err
}
