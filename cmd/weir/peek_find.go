package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	awskinesis "github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/weirstream/weir/platform/kafka"
)

// errNotAsked says that a name is not to be looked for there.
var errNotAsked = errors.New("not asked")

// lookUp looks for a stream and a topic of one name, and is content with one.
func lookUp(ctx context.Context, name string, stream, topic func(context.Context) error) error {
	var noStream, noTopic error
	var both sync.WaitGroup
	both.Go(func() { noStream = stream(ctx) })
	both.Go(func() { noTopic = topic(ctx) })
	both.Wait()
	streams, hasStreams := errors.AsType[*missingError](noStream)
	topics, hasTopics := errors.AsType[*missingError](noTopic)
	switch {
	case noStream == nil && noTopic == nil:
		return usagef("%s is a stream and a topic; say --kinesis or --kafka", name)
	case noStream == nil || noTopic == nil:
		return nil
	case errors.Is(noTopic, errNotAsked):
		return noStream
	case errors.Is(noStream, errNotAsked):
		return noTopic
	case hasStreams && hasTopics:
		return fmt.Errorf("no stream and no topic %q; of streams %s; of topics %s", name, thereAre(streams.others), thereAre(topics.others))
	case hasStreams:
		return fmt.Errorf("%w; whether it is a topic is not known: %w", noStream, noTopic)
	case hasTopics:
		return fmt.Errorf("%w; whether it is a stream is not known: %w", noTopic, noStream)
	case os.Getenv(brokersVar) == "":
		return noStream // both by the same endpoint
	}
	return fmt.Errorf("%w; and %w", noStream, noTopic)
}

// findStream turns the two things that usually go wrong into advice.
func findStream(ctx context.Context, client *awskinesis.Client, stream, endpoint string) error {
	in := &awskinesis.DescribeStreamSummaryInput{StreamName: &stream}
	if strings.HasPrefix(stream, "arn:") {
		in = &awskinesis.DescribeStreamSummaryInput{StreamARN: &stream}
	}
	_, err := client.DescribeStreamSummary(ctx, in, func(o *awskinesis.Options) { o.RetryMaxAttempts = 1 })
	var missing *types.ResourceNotFoundException
	switch {
	case errors.As(err, &missing):
		problem := &missingError{what: "stream", name: stream, where: endpoint}
		if list, err := client.ListStreams(ctx, &awskinesis.ListStreamsInput{Limit: aws.Int32(100)}); err == nil {
			problem.others = list.StreamNames
		}
		return problem
	case err != nil && ctx.Err() == nil:
		return fmt.Errorf("ask %s about stream %s: %w", endpoint, stream, unanswered(err))
	}
	return err
}

// topicFound is a topic there is.
type topicFound struct {
	*topicTarget
	name    string
	extents []kafka.Extent
}

func findTopic(ctx context.Context, base aws.Config, name string) (*topicFound, error) {
	base.RetryMaxAttempts = 1
	target, err := openTopicsAt(ctx, base, "peek")
	if err != nil {
		return nil, err
	}
	extents, err := target.find(ctx, name)
	if err != nil {
		target.close()
		return nil, err
	}
	return &topicFound{target, name, extents}, nil
}
