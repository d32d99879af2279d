package conformance

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

func (s *suite) testStreamLife(t *testing.T) {
	name := s.stream(t, 2)
	ctx := t.Context()
	_, err := s.client.CreateStream(ctx, &kinesis.CreateStreamInput{StreamName: &name, ShardCount: aws.Int32(1)})
	wantCode(t, "create an existing stream", err, "ResourceInUseException")

	summary := s.summary(t, name)
	if *summary.OpenShardCount != 2 || *summary.RetentionPeriodHours != 24 || *summary.ConsumerCount != 0 ||
		summary.StreamModeDetails.StreamMode != types.StreamModeProvisioned || *summary.MaxRecordSizeInKiB != 1024 {
		t.Errorf("summary %+v", summary)
	}
	byARN, err := s.client.DescribeStream(ctx, &kinesis.DescribeStreamInput{StreamARN: summary.StreamARN, StreamName: &name, Limit: aws.Int32(1)})
	must(t, err)
	d := byARN.StreamDescription
	if *d.StreamName != name || len(d.Shards) != 1 || !*d.HasMoreShards || *d.Shards[0].ShardId != "shardId-000000000000" {
		t.Errorf("description %+v", d)
	}
	rest, err := s.client.DescribeStream(ctx, &kinesis.DescribeStreamInput{StreamARN: summary.StreamARN, ExclusiveStartShardId: d.Shards[0].ShardId})
	must(t, err)
	if r := rest.StreamDescription; len(r.Shards) != 1 || *r.HasMoreShards || *r.Shards[0].ShardId != "shardId-000000000001" {
		t.Errorf("rest of the shards %+v", r)
	}
	_, err = s.client.DescribeStream(ctx, &kinesis.DescribeStreamInput{StreamARN: summary.StreamARN, StreamName: aws.String(name + "x")})
	wantCode(t, "name and ARN that disagree", err, "InvalidArgumentException")

	_, err = s.client.DeleteStream(ctx, &kinesis.DeleteStreamInput{StreamName: &name})
	must(t, err)
	s.eventually(t, "deleted stream gone", func() bool {
		_, err := s.client.DescribeStreamSummary(ctx, &kinesis.DescribeStreamSummaryInput{StreamName: &name})
		return code(err) == "ResourceNotFoundException"
	})
}

func (s *suite) testListStreams(t *testing.T) {
	first, second := s.stream(t, 1), s.stream(t, 1)
	var names []string
	in := &kinesis.ListStreamsInput{Limit: aws.Int32(1)}
	for {
		out, err := s.client.ListStreams(t.Context(), in)
		must(t, err)
		names = append(names, out.StreamNames...)
		if len(out.StreamNames) > 1 || len(out.StreamSummaries) != len(out.StreamNames) {
			t.Fatalf("page %+v, want one stream with its summary", out)
		}
		if !*out.HasMoreStreams {
			break
		}
		in.NextToken = out.NextToken
	}
	if !slices.IsSorted(names) || !slices.Contains(names, first) || !slices.Contains(names, second) {
		t.Errorf("streams %q, want them sorted and with %q and %q", names, first, second)
	}
	rest, err := s.client.ListStreams(t.Context(), &kinesis.ListStreamsInput{ExclusiveStartStreamName: &first})
	must(t, err)
	if slices.Contains(rest.StreamNames, first) {
		t.Errorf("streams after %s contain it: %q", first, rest.StreamNames)
	}
}

func (s *suite) testTags(t *testing.T) {
	name := s.stream(t, 1)
	ctx := t.Context()
	_, err := s.client.AddTagsToStream(ctx, &kinesis.AddTagsToStreamInput{StreamName: &name, Tags: map[string]string{"a": "1", "b": "2", "c": ""}})
	must(t, err)
	_, err = s.client.RemoveTagsFromStream(ctx, &kinesis.RemoveTagsFromStreamInput{StreamName: &name, TagKeys: []string{"b"}})
	must(t, err)
	out, err := s.client.ListTagsForStream(ctx, &kinesis.ListTagsForStreamInput{StreamName: &name, Limit: aws.Int32(1)})
	must(t, err)
	if len(out.Tags) != 1 || *out.Tags[0].Key != "a" || *out.Tags[0].Value != "1" || !*out.HasMoreTags {
		t.Errorf("first page %+v", out)
	}
	out, err = s.client.ListTagsForStream(ctx, &kinesis.ListTagsForStreamInput{StreamName: &name, ExclusiveStartTagKey: aws.String("a")})
	must(t, err)
	if len(out.Tags) != 1 || *out.Tags[0].Key != "c" || *out.HasMoreTags {
		t.Errorf("second page %+v", out)
	}
	many := make(map[string]string)
	for i := range 51 {
		many[strings.Repeat("k", i+1)] = "v"
	}
	_, err = s.client.AddTagsToStream(ctx, &kinesis.AddTagsToStreamInput{StreamName: &name, Tags: many})
	if err == nil {
		t.Error("more than 50 tags were accepted")
	}
}

func (s *suite) testRetention(t *testing.T) {
	name := s.stream(t, 1)
	ctx := t.Context()
	for _, c := range []struct {
		hours    int32
		increase bool
		want     string
	}{
		{24, true, "InvalidArgumentException"}, // no more than now
		{23, false, "InvalidArgumentException"},
		{8761, true, "InvalidArgumentException"},
		{48, false, "InvalidArgumentException"},
		{48, true, ""},
		{24, false, ""},
	} {
		var err error
		if c.increase {
			_, err = s.client.IncreaseStreamRetentionPeriod(ctx, &kinesis.IncreaseStreamRetentionPeriodInput{StreamName: &name, RetentionPeriodHours: &c.hours})
		} else {
			_, err = s.client.DecreaseStreamRetentionPeriod(ctx, &kinesis.DecreaseStreamRetentionPeriodInput{StreamName: &name, RetentionPeriodHours: &c.hours})
		}
		if got := code(err); got != c.want || err != nil && got == "" {
			t.Errorf("retention %+v: %v", c, err)
		}
		summary := s.active(t, name)
		if err == nil && *summary.RetentionPeriodHours != c.hours {
			t.Errorf("retention %d, want %d", *summary.RetentionPeriodHours, c.hours)
		}
	}
}
