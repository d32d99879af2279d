package location

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"golang.org/x/sync/errgroup"

	"github.com/weirstream/weir/platform/clock"
	"github.com/weirstream/weir/platform/scenario"
)

// provisioner creates the scenario's resources as the deployer.
type provisioner struct {
	env     scenario.Env
	wall    clock.Clock
	kinesis *kinesis.Client
	lambda  *lambda.Client
	sqs     *sqs.Client
}

// Provision creates the streams, their consumers, the queue, the function and
// its mapping, and returns when signups flow. It is idempotent: what exists is
// kept, the function is brought up to date, and a changed reader replaces the
// mapping. Existing streams keep their shards and all that is in them.
func (Scenario) Provision(ctx context.Context, env scenario.Env) error {
	count, err := shards(env)
	if err != nil {
		return err
	}
	cfg := env.AWS(scenario.Deployer)
	p := &provisioner{
		env: env, wall: env.Wall,
		kinesis: kinesis.NewFromConfig(cfg), lambda: lambda.NewFromConfig(cfg), sqs: sqs.NewFromConfig(cfg),
	}
	var signups, queue string
	group, parallel := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		signups, err = p.stream(parallel, SignupsStream, count)
		return err
	})
	group.Go(func() error {
		offers, err := p.stream(parallel, OffersStream, count)
		if err != nil {
			return err
		}
		_, err = p.consumer(parallel, offers, AppReader)
		return err
	})
	group.Go(func() (err error) {
		queue, err = p.queue(parallel)
		return err
	})
	group.Go(func() error {
		if err := p.function(parallel); err != nil {
			return err
		}
		return p.tryFunction(parallel, int(count))
	})
	if err := group.Wait(); err != nil {
		return err
	}
	return p.mapping(ctx, signups, queue)
}

// stream creates a stream unless it is there and waits until it is active.
func (p *provisioner) stream(ctx context.Context, name string, shards int32) (arn string, err error) {
	_, err = p.kinesis.CreateStream(ctx, &kinesis.CreateStreamInput{
		StreamName: &name, ShardCount: &shards,
	})
	var exists *types.ResourceInUseException
	if err != nil && !errors.As(err, &exists) {
		return "", fmt.Errorf("create stream %s: %w", name, err)
	}
	err = p.wait(ctx, "stream "+name+" to be active", func() (bool, error) {
		out, err := p.kinesis.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: &name})
		if err != nil {
			return false, err
		}
		arn = aws.ToString(out.StreamDescriptionSummary.StreamARN)
		status := out.StreamDescriptionSummary.StreamStatus
		return status == types.StreamStatusActive || status == types.StreamStatusUpdating, nil
	})
	return arn, err
}

// consumer registers an enhanced fan-out consumer unless it is there.
func (p *provisioner) consumer(ctx context.Context, stream, name string) (arn string, err error) {
	_, err = p.kinesis.RegisterStreamConsumer(ctx, &kinesis.RegisterStreamConsumerInput{StreamARN: &stream, ConsumerName: &name})
	var exists *types.ResourceInUseException
	if err != nil && !errors.As(err, &exists) {
		return "", fmt.Errorf("register consumer %s of %s: %w", name, stream, err)
	}
	err = p.wait(ctx, "consumer "+name+" to be active", func() (bool, error) {
		out, err := p.kinesis.DescribeStreamConsumer(ctx, &kinesis.DescribeStreamConsumerInput{StreamARN: &stream, ConsumerName: &name})
		if err != nil {
			return false, err
		}
		arn = aws.ToString(out.ConsumerDescription.ConsumerARN)
		return out.ConsumerDescription.ConsumerStatus == types.ConsumerStatusActive, nil
	})
	return arn, err
}

// forget deregisters a consumer that nothing reads with any more: it costs
// money by the hour.
func (p *provisioner) forget(ctx context.Context, stream, name string) error {
	_, err := p.kinesis.DeregisterStreamConsumer(ctx, &kinesis.DeregisterStreamConsumerInput{StreamARN: &stream, ConsumerName: &name})
	var absent *types.ResourceNotFoundException
	if err != nil && !errors.As(err, &absent) {
		return fmt.Errorf("deregister consumer %s of %s: %w", name, stream, err)
	}
	return nil
}

// queue creates the mapping's on-failure destination. CreateQueue is idempotent
// as long as the attributes are the same.
func (p *provisioner) queue(ctx context.Context) (arn string, err error) {
	created, err := p.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{
		QueueName:  aws.String(FailedQueue),
		Attributes: map[string]string{"MessageRetentionPeriod": fmt.Sprint(14 * 24 * 3600)}, // the longest there is
	})
	if err != nil {
		return "", fmt.Errorf("create queue %s: %w", FailedQueue, err)
	}
	out, err := p.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: created.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameQueueArn},
	})
	if err != nil {
		return "", fmt.Errorf("ask for the ARN of queue %s: %w", FailedQueue, err)
	}
	return out.Attributes["QueueArn"], nil
}

// wait asks until done, at growing intervals; ctx bounds it.
func (p *provisioner) wait(ctx context.Context, what string, done func() (bool, error)) error {
	for pause := 20 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		ok, err := done()
		if err != nil {
			return fmt.Errorf("wait for %s: %w", what, err)
		}
		if ok {
			return nil
		}
		if err := p.wall.Sleep(ctx, pause); err != nil {
			return fmt.Errorf("wait for %s: %w", what, err)
		}
	}
}
