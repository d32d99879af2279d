package cloud

import (
	"context"
	"errors"
	"fmt"

	"github.com/weirstream/weir/platform/cloud/iam"
	"github.com/weirstream/weir/platform/cloud/kinesis"
	"github.com/weirstream/weir/platform/cloud/lambda"
	"github.com/weirstream/weir/platform/cloud/sqs"
	"github.com/weirstream/weir/platform/cloud/wire"
)

// Services never import each other: what Lambda needs of Kinesis, SQS and IAM
// it declares itself, and the adapters here hand it over.

// lambdaStreams reads Kinesis for event source mappings.
type lambdaStreams struct{ kinesis *kinesis.Service }

func (l lambdaStreams) Shards(streamARN string) ([]lambda.Shard, error) {
	infos, err := l.kinesis.Shards(streamARN)
	if err != nil {
		return nil, err
	}
	shards := make([]lambda.Shard, len(infos))
	for i, info := range infos {
		shards[i] = lambda.Shard(info)
	}
	return shards, nil
}

func (l lambdaStreams) Read(ctx context.Context, streamARN, shardID string, from lambda.Position, limit int) (lambda.Batch, error) {
	batch, err := l.kinesis.ReadShard(ctx, streamARN, shardID, kinesis.Position(from), limit)
	return lambdaBatch(batch), err
}

func (l lambdaStreams) Subscribe(ctx context.Context, consumerARN, shardID string, from lambda.Position, deliver func(lambda.Batch) error) error {
	return l.kinesis.SubscribeShard(ctx, consumerARN, shardID, kinesis.Position(from), func(batch kinesis.Batch) error {
		return deliver(lambdaBatch(batch))
	})
}

func lambdaBatch(batch kinesis.Batch) lambda.Batch {
	records := make([]lambda.Record, len(batch.Records))
	for i, r := range batch.Records {
		records[i] = lambda.Record(r)
	}
	return lambda.Batch{
		Records: records, Next: lambda.Position(batch.Next),
		MillisBehindLatest: batch.MillisBehindLatest, End: batch.End,
	}
}

// lambdaDestinations delivers what Lambda sends to queues. Lambda asks
// lambdaRoles for the permission first.
type lambdaDestinations struct{ sqs *sqs.Service }

func (l lambdaDestinations) Send(_ context.Context, arn string, body []byte, attributes ...lambda.Attribute) error {
	list := make([]sqs.Attribute, len(attributes))
	for i, a := range attributes {
		list[i] = sqs.Attribute(a)
	}
	err := l.sqs.Send(arn, body, list...)
	if typed := (*wire.Error)(nil); errors.As(err, &typed) && typed.QueryCode == "InvalidParameterValue" {
		return fmt.Errorf("%w: %w", lambda.ErrTooLarge, err)
	}
	return err
}

// lambdaRoles issues and checks execution roles.
type lambdaRoles struct{ iam *iam.Service }

func (l lambdaRoles) ServiceCredentials(roleARN, servicePrincipal, session string) (lambda.Credentials, error) {
	c, err := l.iam.ServiceCredentials(roleARN, servicePrincipal, session)
	if err != nil {
		return lambda.Credentials{}, err
	}
	return lambda.Credentials{
		AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey,
		SessionToken: c.SessionToken, Expires: c.Expiration,
	}, nil
}

func (l lambdaRoles) AuthorizeRole(roleARN string, access wire.Access) error {
	return l.iam.AuthorizeRole(roleARN, access)
}

// noLauncher stands in where the program has no built-in handlers: functions
// are uploaded as zips then.
type noLauncher struct{}

func (noLauncher) Command(name string) (lambda.Command, error) {
	return lambda.Command{}, fmt.Errorf("no handler %q is built into this program; upload the function as a zip", name)
}
