package conformance

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// testValidation needs no stream: constraints come before the look-up. (The
// SDK itself refuses missing members, so those are not reached here.)
func (s *suite) testValidation(t *testing.T) {
	ctx := t.Context()
	const invalid = "ValidationException"
	_, err := s.client.DescribeStream(ctx, &kinesis.DescribeStreamInput{StreamName: aws.String("a b"), Limit: aws.Int32(0)})
	wantMessage(t, "two violations", err, invalid, "2 validation errors detected: "+
		"Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1; "+
		"Value 'a b' at 'streamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+")

	_, err = s.client.PutRecords(ctx, &kinesis.PutRecordsInput{StreamName: aws.String("x"), Records: []types.PutRecordsRequestEntry{
		entry("k", "fine"),
		{PartitionKey: aws.String(""), Data: []byte("x"), ExplicitHashKey: aws.String("01")},
	}})
	wantMessage(t, "violations within a list", err, invalid, "2 validation errors detected: "+
		"Value '' at 'records.2.member.partitionKey' failed to satisfy constraint: Member must have length greater than or equal to 1; "+
		`Value '01' at 'records.2.member.explicitHashKey' failed to satisfy constraint: Member must satisfy regular expression pattern: 0|([1-9]\d{0,38})`)

	long := strings.Repeat("a", 129)
	_, err = s.client.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: &long})
	wantMessage(t, "long name", err, invalid, "1 validation error detected: "+
		"Value '"+long+"' at 'streamName' failed to satisfy constraint: Member must have length less than or equal to 128")

	wide := strings.Repeat("ä", 256)
	_, err = s.client.PutRecord(ctx, &kinesis.PutRecordInput{StreamName: aws.String(s.name()), PartitionKey: &wide, Data: []byte("x")})
	wantCode(t, "256 characters in 512 bytes are no violation", err, "ResourceNotFoundException")
	_, err = s.client.PutRecord(ctx, &kinesis.PutRecordInput{StreamName: aws.String(s.name()), PartitionKey: aws.String(wide + "ä"), Data: []byte("x")})
	wantCode(t, "257 characters", err, invalid)

	many := make([]types.PutRecordsRequestEntry, 501)
	for i := range many {
		many[i] = entry("k", "x")
	}
	_, err = s.client.PutRecords(ctx, &kinesis.PutRecordsInput{StreamName: aws.String(s.name()), Records: many})
	wantCode(t, "501 records", err, invalid)

	_, err = s.client.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{
		StreamName: aws.String(s.name()), ShardId: aws.String("shardId-0"), ShardIteratorType: "NEWEST",
	})
	wantCode(t, "unknown iterator type", err, invalid)
	_, err = s.client.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: aws.String(strings.Repeat("A", 513))})
	wantCode(t, "iterator of 513 characters", err, invalid)
	_, err = s.client.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamARN: aws.String("arn:aws:s3:::bucket")})
	wantCode(t, "ARN of something else", err, invalid)
}

func (s *suite) testSemanticErrors(t *testing.T) {
	ctx := t.Context()
	missing := s.name()
	const notFound, invalid = "ResourceNotFoundException", "InvalidArgumentException"
	_, err := s.client.PutRecord(ctx, &kinesis.PutRecordInput{StreamName: &missing, PartitionKey: aws.String("k"), Data: []byte("x")})
	wantCode(t, "put to no stream", err, notFound)
	_, err = s.client.DeleteStream(ctx, &kinesis.DeleteStreamInput{StreamName: &missing})
	wantCode(t, "delete no stream", err, notFound)
	_, err = s.client.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: aws.String("AAAAAAAAAAE=")})
	wantMessage(t, "garbage iterator", err, invalid, "Invalid ShardIterator.")

	name := s.stream(t, 1)
	// Two records that fit alone but not together in what one request may hold.
	_, err = s.client.PutRecord(ctx, &kinesis.PutRecordInput{StreamName: &name, PartitionKey: aws.String("k"), Data: make([]byte, 1<<20)})
	wantCode(t, "1 MiB and a key in a stream of 1 MiB records", err, "ValidationException")
	_, err = s.client.PutRecord(ctx, &kinesis.PutRecordInput{StreamName: &name, PartitionKey: aws.String("k"), Data: make([]byte, 1<<20-1)})
	if err != nil {
		t.Errorf("1 MiB with the key: %v", err)
	}
	full := make([]types.PutRecordsRequestEntry, 11)
	for i := range full {
		full[i] = types.PutRecordsRequestEntry{PartitionKey: aws.String("k"), Data: make([]byte, 1<<20-1)}
	}
	_, err = s.client.PutRecords(ctx, &kinesis.PutRecordsInput{StreamName: &name, Records: full})
	wantCode(t, "more than 10 MiB in a request", err, invalid)
	_, err = s.client.PutRecord(ctx, &kinesis.PutRecordInput{StreamName: &name, PartitionKey: aws.String("k"), Data: []byte("x"), SequenceNumberForOrdering: aws.String("7")})
	wantCode(t, "ordering by no sequence number", err, invalid)
	_, err = s.client.GetRecords(ctx, &kinesis.GetRecordsInput{
		Limit:         aws.Int32(10_001),
		ShardIterator: s.iterator(t, name, "shardId-0", kinesis.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeLatest}),
	})
	wantCode(t, "limit above 10,000", err, invalid)
}

func (s *suite) testIteratorErrors(t *testing.T) {
	name := s.stream(t, 2)
	const notFound, invalid = "ResourceNotFoundException", "InvalidArgumentException"
	put := s.put(t, name, []types.PutRecordsRequestEntry{{PartitionKey: aws.String("k"), Data: []byte("x"), ExplicitHashKey: aws.String("0")}})
	own := put[0].SequenceNumber
	for _, c := range []struct {
		what string
		in   kinesis.GetShardIteratorInput
		want string
	}{
		{"no such shard", kinesis.GetShardIteratorInput{ShardId: aws.String("shardId-5"), ShardIteratorType: types.ShardIteratorTypeLatest}, notFound},
		{"no shard id at all", kinesis.GetShardIteratorInput{ShardId: aws.String("shard"), ShardIteratorType: types.ShardIteratorTypeLatest}, notFound},
		{"AT without number", kinesis.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeAtSequenceNumber}, invalid},
		{"LATEST with number", kinesis.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeLatest, StartingSequenceNumber: own}, invalid},
		{"TRIM_HORIZON with number", kinesis.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeTrimHorizon, StartingSequenceNumber: own}, invalid},
		{"AT_TIMESTAMP without", kinesis.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeAtTimestamp}, invalid},
		{"future timestamp", kinesis.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeAtTimestamp, Timestamp: aws.Time(s.wall.Now().Add(time.Hour))}, invalid},
		{"number of another shard", kinesis.GetShardIteratorInput{ShardId: aws.String("shardId-000000000001"), ShardIteratorType: types.ShardIteratorTypeAtSequenceNumber, StartingSequenceNumber: own}, invalid},
		{"no sequence number", kinesis.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeAfterSequenceNumber, StartingSequenceNumber: aws.String("5")}, invalid},
		{"short shard id", kinesis.GetShardIteratorInput{ShardId: aws.String("shardId-0"), ShardIteratorType: types.ShardIteratorTypeAtSequenceNumber, StartingSequenceNumber: own}, ""},
	} {
		c.in.StreamName = &name
		if c.in.ShardId == nil {
			c.in.ShardId = aws.String("shardId-000000000000")
		}
		_, err := s.client.GetShardIterator(t.Context(), &c.in)
		if got := code(err); got != c.want || (err != nil) != (c.want != "") {
			t.Errorf("%s: %v, want %q", c.what, err, c.want)
		}
	}
}
