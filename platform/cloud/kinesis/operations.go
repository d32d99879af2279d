package kinesis

import (
	"context"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// operations is the one list of what the service answers to.
func (s *Service) operations() []wire.Operation {
	ops := []wire.Operation{
		streamOp(s, "AddTagsToStream", s.addTagsToStream),
		streamOp(s, "CreateStream", s.createStream),
		streamOp(s, "DecreaseStreamRetentionPeriod", s.decreaseStreamRetentionPeriod),
		streamOp(s, "DeleteStream", s.deleteStream),
		consumerOp(s, "DeregisterStreamConsumer", s.deregisterStreamConsumer),
		wire.Op("DescribeLimits", anyResource[DescribeLimitsInput]("DescribeLimits"), s.describeLimits),
		streamOp(s, "DescribeStream", s.describeStream),
		consumerOp(s, "DescribeStreamConsumer", s.describeStreamConsumer),
		streamOp(s, "DescribeStreamSummary", s.describeStreamSummary),
		streamOp(s, "DisableEnhancedMonitoring", s.disableEnhancedMonitoring),
		streamOp(s, "EnableEnhancedMonitoring", s.enableEnhancedMonitoring),
		wire.Op("GetRecords", s.accessIterator, s.getRecords),
		streamOp(s, "GetShardIterator", s.getShardIterator),
		streamOp(s, "IncreaseStreamRetentionPeriod", s.increaseStreamRetentionPeriod),
		wire.Op("ListShards", s.accessListShards, s.listShards),
		streamOp(s, "ListStreamConsumers", s.listStreamConsumers),
		wire.Op("ListStreams", accessListStreams, s.listStreams),
		resourceOp("ListTagsForResource", s.listTagsForResource),
		streamOp(s, "ListTagsForStream", s.listTagsForStream),
		streamOp(s, "MergeShards", s.mergeShards),
		streamOp(s, "PutRecord", s.putRecord),
		streamOp(s, "PutRecords", s.putRecords),
		streamOp(s, "RegisterStreamConsumer", s.registerStreamConsumer),
		streamOp(s, "RemoveTagsFromStream", s.removeTagsFromStream),
		streamOp(s, "SplitShard", s.splitShard),
		streamOp(s, "StartStreamEncryption", s.startStreamEncryption),
		streamOp(s, "StopStreamEncryption", s.stopStreamEncryption),
		consumerOp(s, "SubscribeToShard", s.subscribeToShard),
		resourceOp("TagResource", s.tagResource),
		resourceOp("UntagResource", s.untagResource),
		streamOp(s, "UpdateMaxRecordSize", s.updateMaxRecordSize),
		streamOp(s, "UpdateShardCount", s.updateShardCount),
		streamOp(s, "UpdateStreamMode", s.updateStreamMode),
		streamOp(s, "UpdateStreamRecordDistributionStrategy", s.updateStreamRecordDistributionStrategy),
		streamOp(s, "UpdateStreamWarmThroughput", s.updateStreamWarmThroughput),
	}
	for i := range ops {
		ops[i].Handle = s.measured(ops[i].Name, s.limitCalls(ops[i].Name, ops[i].Handle))
	}
	for _, name := range missingOperations() {
		ops = append(ops, wire.Op[struct{}, any](name,
			func(*wire.Call, *struct{}) []wire.Access {
				return []wire.Access{{Action: "kinesis:" + name, Resource: "*"}}
			},
			func(context.Context, *wire.Call, *struct{}) (any, error) {
				return nil, wire.NotImplemented("kinesis:" + name)
			}))
	}
	return ops
}

// missingOperations are those AWS has and this service answers with a typed
// error that names the gap. Keep skipped.md in step.
func missingOperations() []string {
	return []string{
		"CreateChannel", "DeleteChannel", "DeleteResourcePolicy", "DescribeAccountSettings",
		"DescribeChannel",
		"GetResourcePolicy", "ListChannels", "PutResourcePolicy",
		"UpdateAccountSettings", "UpdateChannel",
	}
}

// controlLimits are AWS's calls per second and account.
func controlLimits() map[string]float64 {
	return map[string]float64{
		"AddTagsToStream":                        5,
		"CreateStream":                           5,
		"DecreaseStreamRetentionPeriod":          5,
		"DeleteStream":                           5,
		"DeregisterStreamConsumer":               5,
		"DescribeLimits":                         1,
		"DescribeStream":                         10,
		"DescribeStreamConsumer":                 20,
		"DescribeStreamSummary":                  20,
		"DisableEnhancedMonitoring":              5,
		"EnableEnhancedMonitoring":               5,
		"IncreaseStreamRetentionPeriod":          5,
		"ListStreamConsumers":                    5,
		"ListStreams":                            5,
		"ListTagsForResource":                    5,
		"ListTagsForStream":                      5,
		"MergeShards":                            5,
		"RegisterStreamConsumer":                 5,
		"RemoveTagsFromStream":                   5,
		"SplitShard":                             5,
		"StartStreamEncryption":                  5,
		"StopStreamEncryption":                   5,
		"TagResource":                            5,
		"UntagResource":                          5,
		"UpdateMaxRecordSize":                    5,
		"UpdateShardCount":                       10,
		"UpdateStreamMode":                       5,
		"UpdateStreamRecordDistributionStrategy": 5,
		"UpdateStreamWarmThroughput":             5,
	}
}

type handler = func(ctx context.Context, call *wire.Call, in any) (any, error)

func (s *Service) limitCalls(operation string, handle handler) handler {
	return func(ctx context.Context, call *wire.Call, in any) (any, error) {
		if !s.quota.allow(s.now(), operation) {
			return nil, s.errCallRate(operation)
		}
		return handle(ctx, call, in)
	}
}

// streamInput is an input that names a stream.
type streamInput[I any] interface {
	*I
	ref() StreamRef
}

// streamOp builds an operation that needs its action on the stream's ARN.
func streamOp[I any, P streamInput[I], O any](
	s *Service, name string, handle func(context.Context, *wire.Call, *I) (O, error),
) wire.Operation {
	return wire.Op(name, func(_ *wire.Call, in *I) []wire.Access {
		return []wire.Access{{Action: "kinesis:" + name, Resource: s.refARN(P(in).ref())}}
	}, handle)
}

// consumerInput is an input that names a consumer.
type consumerInput[I any] interface {
	*I
	consumerRef() ConsumerRef
}

// consumerOp builds an operation that needs its action on the consumer's ARN.
func consumerOp[I any, P consumerInput[I], O any](
	s *Service, name string, handle func(context.Context, *wire.Call, *I) (O, error),
) wire.Operation {
	return wire.Op(name, func(_ *wire.Call, in *I) []wire.Access {
		return []wire.Access{{Action: "kinesis:" + name, Resource: s.consumerRefARN(P(in).consumerRef())}}
	}, handle)
}

// resourceInput is an input that names a stream or a consumer.
type resourceInput[I any] interface {
	*I
	resource() ResourceRef
}

// resourceOp builds an operation that needs its action on the ARN it names.
func resourceOp[I any, P resourceInput[I], O any](
	name string, handle func(context.Context, *wire.Call, *I) (O, error),
) wire.Operation {
	return wire.Op(name, func(_ *wire.Call, in *I) []wire.Access {
		return []wire.Access{{Action: "kinesis:" + name, Resource: deref(P(in).resource().ResourceARN)}}
	}, handle)
}
