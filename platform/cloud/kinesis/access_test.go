package kinesis

import (
	"testing"

	"github.com/weirstream/weir/platform/cloud/wire"
)

func TestAccessNamesTheResource(t *testing.T) {
	inBubble(t, Config{Account: "123456789012"}, func(b bench) {
		b.stream("s", 2)
		const stream = "arn:aws:kinesis:us-east-1:123456789012:stream/s"
		consumer := b.consumer("s", "c")
		page, err := call[*ListShardsOutput](b, "ListShards", &ListShardsInput{StreamRef: named("s"), MaxResults: ptr(1)})
		b.must(err)
		access := make(map[string]func(*wire.Call, any) []wire.Access)
		for _, op := range b.operations() {
			if op.Access == nil {
				t.Errorf("%s needs no permission", op.Name)
			}
			access[op.Name] = op.Access
		}
		for _, c := range []struct {
			operation string
			in        any
			want      string
		}{
			{"PutRecords", &PutRecordsInput{StreamRef: named("s")}, stream},
			{"PutRecord", &PutRecordInput{StreamRef: StreamRef{StreamARN: ptr(stream)}}, stream},
			{"CreateStream", &CreateStreamInput{StreamName: ptr("new")}, "arn:aws:kinesis:us-east-1:123456789012:stream/new"},
			{"GetRecords", &GetRecordsInput{ShardIterator: b.iterator("s", "shardId-1", latest)}, stream},
			{"GetRecords", &GetRecordsInput{ShardIterator: ptr("garbage")}, ""}, // is refused anyway
			{"ListShards", &ListShardsInput{NextToken: page.NextToken}, stream},
			{"ListShards", &ListShardsInput{StreamRef: named("s")}, stream},
			{"ListStreams", &ListStreamsInput{}, "*"},
			{"RegisterStreamConsumer", &RegisterStreamConsumerInput{StreamARN: ptr(stream)}, stream},
			{"ListStreamConsumers", &ListStreamConsumersInput{StreamARN: ptr(stream)}, stream},
			{"SubscribeToShard", &SubscribeToShardInput{ConsumerARN: &consumer}, consumer},
			{"DescribeStreamConsumer", &DescribeStreamConsumerInput{ConsumerRef{StreamARN: ptr(stream), ConsumerName: ptr("c")}}, consumer},
			{"DeregisterStreamConsumer", &DeregisterStreamConsumerInput{ConsumerRef{ConsumerARN: &consumer}}, consumer},
			{"DescribeStreamConsumer", &DescribeStreamConsumerInput{ConsumerRef{StreamARN: ptr(stream), ConsumerName: ptr("none")}}, stream + "/consumer/none"},
			{"UpdateShardCount", &UpdateShardCountInput{StreamRef: named("s")}, stream},
			{"UpdateStreamMode", &UpdateStreamModeInput{StreamARN: ptr(stream)}, stream},
			{"StartStreamEncryption", &EncryptionInput{StreamRef: named("s")}, stream},
			{"TagResource", &TagResourceInput{ResourceRef: ResourceRef{ResourceARN: ptr(stream)}}, stream},
			{"ListTagsForResource", &ListTagsForResourceInput{ResourceRef{ResourceARN: &consumer}}, consumer},
			{"DescribeLimits", &DescribeLimitsInput{}, "*"},
			{"CreateChannel", &struct{}{}, "*"},
		} {
			got := access[c.operation](&wire.Call{}, c.in)
			if c.want == "" && len(got) == 0 {
				continue
			}
			if len(got) != 1 || got[0] != (wire.Access{Action: "kinesis:" + c.operation, Resource: c.want}) {
				t.Errorf("%s needs %v, want %s", c.operation, got, c.want)
			}
		}
		for _, alias := range []string{
			"arn:aws-cn:kinesis:us-east-1:123456789012:stream/s", // would escape a Deny on the real ARN
			"arn:aws:kinesis:eu-west-1:123456789012:stream/s",
			"arn:aws:kinesis:us-east-1:999999999999:stream/s",
		} {
			_, err := call[any](b, "DeleteStream", &DeleteStreamInput{StreamRef: StreamRef{StreamARN: &alias}})
			b.want(alias, err, codeNotFound)
		}
		_, err = call[any](b, "CreateChannel", &struct{}{})
		b.want("a missing operation", err, "NotImplementedException")
	})
}

// TestMissingMembers checks what SDKs do not let through: absent members, in
// AWS's order.
func TestMissingMembers(t *testing.T) {
	t.Parallel()
	null := func(path string) string {
		return "Value null at '" + path + "' failed to satisfy constraint: Member must not be null"
	}
	for _, c := range []struct {
		in   wire.Validator
		want string
	}{
		{&PutRecordInput{}, "3 validation errors detected: " + null("partitionKey") + "; " + null("data") + "; " + null("streamName")},
		{&PutRecordsInput{}, "2 validation errors detected: " + null("records") + "; " + null("streamName")},
		{&PutRecordsInput{StreamRef: named("s"), Records: []PutRecordsEntry{{}}}, "2 validation errors detected: " + null("records.1.member.partitionKey") + "; " + null("records.1.member.data")},
		{&PutRecordsInput{StreamRef: named("s"), Records: []PutRecordsEntry{}}, "1 validation error detected: Value '[]' at 'records' failed to satisfy constraint: Member must have length greater than or equal to 1"},
		{&CreateStreamInput{}, "1 validation error detected: " + null("streamName")},
		{&GetRecordsInput{}, "1 validation error detected: " + null("shardIterator")},
		{&GetShardIteratorInput{}, "3 validation errors detected: " + null("shardId") + "; " + null("shardIteratorType") + "; " + null("streamName")},
		{&SplitShardInput{}, "3 validation errors detected: " + null("newStartingHashKey") + "; " + null("shardToSplit") + "; " + null("streamName")},
		{&MergeShardsInput{}, "3 validation errors detected: " + null("shardToMerge") + "; " + null("adjacentShardToMerge") + "; " + null("streamName")},
		{&SubscribeToShardInput{}, "3 validation errors detected: " + null("consumerARN") + "; " + null("shardId") + "; " + null("startingPosition")},
		{&RegisterStreamConsumerInput{}, "2 validation errors detected: " + null("streamARN") + "; " + null("consumerName")},
		{
			&DeleteStreamInput{StreamRef: named("")}, "2 validation errors detected: " +
				"Value '' at 'streamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+; " +
				"Value '' at 'streamName' failed to satisfy constraint: Member must have length greater than or equal to 1",
		},
		{
			&PutRecordInput{StreamRef: named("s"), PartitionKey: ptr("k"), Data: make([]byte, 10<<20+1)}, "1 validation error detected: " +
				"Value 'java.nio.HeapByteBuffer[pos=0 lim=10485761 cap=10485761]' at 'data' failed to satisfy constraint: Member must have length less than or equal to 10485760",
		},
		{&ListShardsInput{}, ""}, // what is missing there is a semantic error
	} {
		err := c.in.Validate()
		want := "ValidationException: " + c.want
		if c.want == "" {
			want = ""
		}
		if got := errorText(err); got != want {
			t.Errorf("%T\n got %s\nwant %s", c.in, got, want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
