package conformance

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

func (s *suite) testUpdateShardCount(t *testing.T) {
	name := s.stream(t, 2)
	ctx := t.Context()
	before := s.put(t, name, []types.PutRecordsRequestEntry{entry("a", "0"), entry("user-1", "1")})
	for _, target := range []int32{4, 3, 2} {
		out, err := s.client.UpdateShardCount(ctx, &kinesis.UpdateShardCountInput{StreamName: &name, TargetShardCount: &target, ScalingType: types.ScalingTypeUniformScaling})
		must(t, err)
		if *out.TargetShardCount != target || *out.StreamName != name || *out.CurrentShardCount == target {
			t.Errorf("to %d: %+v", target, out)
		}
		summary := s.active(t, name)
		if *summary.OpenShardCount != target {
			t.Errorf("%d open shards, want %d", *summary.OpenShardCount, target)
		}
		after := s.put(t, name, []types.PutRecordsRequestEntry{entry("a", "x"), entry("user-1", "y")})
		for i := range after {
			if number(t, after[i].SequenceNumber).Cmp(number(t, before[i].SequenceNumber)) <= 0 {
				t.Errorf("at %d shards: number %s is not above %s", target, *after[i].SequenceNumber, *before[i].SequenceNumber)
			}
		}
		before = after
	}
	listed := make(map[string]bool)
	for _, sh := range s.shards(t, name) {
		for _, parent := range []*string{sh.ParentShardId, sh.AdjacentParentShardId} {
			if parent != nil && !listed[*parent] {
				t.Errorf("shard %s comes before its parent %s", *sh.ShardId, *parent)
			}
		}
		listed[*sh.ShardId] = true
	}
	for _, c := range []struct {
		target int32
		want   string
	}{{2, "InvalidArgumentException"}, {0, "ValidationException"}} {
		_, err := s.client.UpdateShardCount(ctx, &kinesis.UpdateShardCountInput{StreamName: &name, TargetShardCount: &c.target, ScalingType: types.ScalingTypeUniformScaling})
		wantCode(t, fmt.Sprint("target ", c.target), err, c.want)
	}
	_, err := s.client.UpdateShardCount(ctx, &kinesis.UpdateShardCountInput{StreamName: &name, TargetShardCount: aws.Int32(4), ScalingType: "ANY"})
	wantCode(t, "unknown scaling type", err, "ValidationException")
}

func (s *suite) testOnDemand(t *testing.T) {
	name := s.name()
	s.createWith(t, &kinesis.CreateStreamInput{
		StreamName: &name, StreamModeDetails: &types.StreamModeDetails{StreamMode: types.StreamModeOnDemand},
		Tags: map[string]string{"team": "tide"}, MaxRecordSizeInKiB: aws.Int32(2048),
	})
	ctx := t.Context()
	summary := s.summary(t, name)
	if summary.StreamModeDetails.StreamMode != types.StreamModeOnDemand || *summary.OpenShardCount != 4 || *summary.MaxRecordSizeInKiB != 2048 {
		t.Errorf("a new on-demand stream: %+v", summary)
	}
	tags, err := s.client.ListTagsForStream(ctx, &kinesis.ListTagsForStreamInput{StreamName: &name})
	must(t, err)
	if len(tags.Tags) != 1 || *tags.Tags[0].Key != "team" {
		t.Errorf("tags given at creation: %+v", tags.Tags)
	}
	const invalid = "ValidationException"
	_, err = s.client.SplitShard(ctx, &kinesis.SplitShardInput{StreamName: &name, ShardToSplit: aws.String(id(0)), NewStartingHashKey: aws.String("5")})
	wantCode(t, "split", err, invalid)
	_, err = s.client.MergeShards(ctx, &kinesis.MergeShardsInput{StreamName: &name, ShardToMerge: aws.String(id(0)), AdjacentShardToMerge: aws.String(id(1))})
	wantCode(t, "merge", err, invalid)
	_, err = s.client.UpdateShardCount(ctx, &kinesis.UpdateShardCountInput{StreamName: &name, TargetShardCount: aws.Int32(5), ScalingType: types.ScalingTypeUniformScaling})
	wantCode(t, "scale", err, invalid)

	mode := func(mode types.StreamMode) {
		_, err := s.client.UpdateStreamMode(ctx, &kinesis.UpdateStreamModeInput{StreamARN: summary.StreamARN, StreamModeDetails: &types.StreamModeDetails{StreamMode: mode}})
		must(t, err)
		if got := s.active(t, name); got.StreamModeDetails.StreamMode != mode || *got.OpenShardCount != 4 {
			t.Errorf("after the change: %+v", got)
		}
	}
	mode(types.StreamModeProvisioned)
	s.split(t, name, id(0), "5")
	_, err = s.client.UpdateStreamRecordDistributionStrategy(ctx, &kinesis.UpdateStreamRecordDistributionStrategyInput{
		StreamARN: summary.StreamARN, RecordDistributionStrategy: types.RecordDistributionStrategyAuto,
	})
	wantCode(t, "AUTO on a provisioned stream", err, "InvalidArgumentException")
	limits, err := s.client.DescribeLimits(ctx, &kinesis.DescribeLimitsInput{})
	if code(err) != "LimitExceededException" { // one call per second and account
		must(t, err)
		if *limits.ShardLimit < 200 || *limits.OpenShardCount < 5 || *limits.OnDemandStreamCountLimit < 1 {
			t.Errorf("limits %+v", limits)
		}
	}
}

func (s *suite) testEncryption(t *testing.T) {
	name := s.stream(t, 1)
	ctx := t.Context()
	key := aws.String("alias/aws/kinesis")
	s.put(t, name, []types.PutRecordsRequestEntry{entry("k", "before")})
	_, err := s.client.StartStreamEncryption(ctx, &kinesis.StartStreamEncryptionInput{StreamName: &name, EncryptionType: types.EncryptionTypeKms, KeyId: key})
	must(t, err)
	if got := s.active(t, name); got.EncryptionType != types.EncryptionTypeKms || got.KeyId == nil {
		t.Errorf("after the start: %s with key %v", got.EncryptionType, got.KeyId)
	}
	var put *kinesis.PutRecordOutput
	s.eventually(t, "puts are encrypted", func() bool { // AWS takes up to 5 s more
		put, err = s.client.PutRecord(ctx, &kinesis.PutRecordInput{StreamName: &name, PartitionKey: aws.String("k"), Data: []byte("after")})
		must(t, err)
		return put.EncryptionType == types.EncryptionTypeKms
	})
	records, _ := s.readAll(t, name, id(0), 2)
	if records[0].EncryptionType == types.EncryptionTypeKms || records[len(records)-1].EncryptionType != types.EncryptionTypeKms {
		t.Errorf("encryption of the first and the last record: %q, %q", records[0].EncryptionType, records[len(records)-1].EncryptionType)
	}
	_, err = s.client.StartStreamEncryption(ctx, &kinesis.StartStreamEncryptionInput{StreamName: &name, EncryptionType: types.EncryptionTypeKms, KeyId: aws.String("no key")})
	wantCode(t, "a key that is none", err, "KMSNotFoundException")
	_, err = s.client.StopStreamEncryption(ctx, &kinesis.StopStreamEncryptionInput{StreamName: &name, EncryptionType: types.EncryptionTypeKms, KeyId: key})
	must(t, err)
	if got := s.active(t, name); got.EncryptionType != types.EncryptionTypeNone || got.KeyId != nil {
		t.Errorf("after the stop: %s with key %v", got.EncryptionType, got.KeyId)
	}
}

func (s *suite) testMonitoring(t *testing.T) {
	name := s.stream(t, 1)
	ctx := t.Context()
	on, err := s.client.EnableEnhancedMonitoring(ctx, &kinesis.EnableEnhancedMonitoringInput{StreamName: &name, ShardLevelMetrics: []types.MetricsName{types.MetricsNameAll}})
	must(t, err)
	if len(on.CurrentShardLevelMetrics) != 0 || len(on.DesiredShardLevelMetrics) != 7 {
		t.Errorf("switched on: %+v", on)
	}
	if got := s.active(t, name).EnhancedMonitoring; len(got) != 1 || len(got[0].ShardLevelMetrics) != 7 {
		t.Errorf("monitoring %+v", got)
	}
	off, err := s.client.DisableEnhancedMonitoring(ctx, &kinesis.DisableEnhancedMonitoringInput{StreamName: &name, ShardLevelMetrics: []types.MetricsName{types.MetricsNameIncomingBytes}})
	must(t, err)
	if len(off.CurrentShardLevelMetrics) != 7 || len(off.DesiredShardLevelMetrics) != 6 || slices.Contains(off.DesiredShardLevelMetrics, types.MetricsNameIncomingBytes) {
		t.Errorf("switched off: %+v", off)
	}
	s.active(t, name)
	_, err = s.client.EnableEnhancedMonitoring(ctx, &kinesis.EnableEnhancedMonitoringInput{StreamName: &name, ShardLevelMetrics: []types.MetricsName{"Noise"}})
	wantCode(t, "unknown metric", err, "ValidationException")
}

func (s *suite) testResourceTags(t *testing.T) {
	name := s.stream(t, 1)
	ctx := t.Context()
	stream := s.summary(t, name).StreamARN
	consumer := s.consumer(t, name, "reader")
	for _, arn := range []*string{stream, &consumer} {
		_, err := s.client.TagResource(ctx, &kinesis.TagResourceInput{ResourceARN: arn, Tags: map[string]string{"a": "1", "ü _./=+-@": "2"}})
		must(t, err)
		_, err = s.client.UntagResource(ctx, &kinesis.UntagResourceInput{ResourceARN: arn, TagKeys: []string{"a", "none"}})
		must(t, err)
		out, err := s.client.ListTagsForResource(ctx, &kinesis.ListTagsForResourceInput{ResourceARN: arn})
		must(t, err)
		if len(out.Tags) != 1 || *out.Tags[0].Key != "ü _./=+-@" || *out.Tags[0].Value != "2" {
			t.Errorf("tags of %s: %+v", *arn, out.Tags)
		}
		_, err = s.client.TagResource(ctx, &kinesis.TagResourceInput{ResourceARN: arn, Tags: map[string]string{"a;b": "1"}})
		wantCode(t, "semicolon in a key", err, "InvalidArgumentException")
	}
	_, err := s.client.ListTagsForResource(ctx, &kinesis.ListTagsForResourceInput{ResourceARN: aws.String(*stream + "x")})
	wantCode(t, "tags of no stream", err, "ResourceNotFoundException")
	_, err = s.client.TagResource(ctx, &kinesis.TagResourceInput{ResourceARN: stream, Tags: map[string]string{strings.Repeat("k", 129): ""}})
	wantCode(t, "key of 129 characters", err, "ValidationException")
}

// testLargeRecords puts 10 MiB, reads it by polling and by fan-out.
func (s *suite) testLargeRecords(t *testing.T) {
	name := s.stream(t, 1)
	ctx := t.Context()
	arn := s.summary(t, name).StreamARN
	_, err := s.client.UpdateMaxRecordSize(ctx, &kinesis.UpdateMaxRecordSizeInput{StreamARN: arn, MaxRecordSizeInKiB: aws.Int32(10_241)})
	wantCode(t, "10241 KiB", err, "ValidationException")
	_, err = s.client.UpdateMaxRecordSize(ctx, &kinesis.UpdateMaxRecordSizeInput{StreamARN: arn, MaxRecordSizeInKiB: aws.Int32(10_240)})
	must(t, err)
	if got := s.active(t, name); *got.MaxRecordSizeInKiB != 10_240 {
		t.Errorf("largest record %d KiB", *got.MaxRecordSizeInKiB)
	}
	data := bytes.Repeat([]byte("weir"), 10<<18)[:10<<20-1] // and a key of one byte
	s.eventually(t, "the large record is put", func() bool {
		_, err := s.client.PutRecord(ctx, &kinesis.PutRecordInput{StreamName: &name, PartitionKey: aws.String("k"), Data: data})
		if code(err) == "ProvisionedThroughputExceededException" {
			return false
		}
		must(t, err)
		return true
	})
	_, err = s.client.PutRecord(ctx, &kinesis.PutRecordInput{StreamName: &name, PartitionKey: aws.String("kk"), Data: data})
	wantCode(t, "a byte too many", err, "ValidationException")
	records, _ := s.readAll(t, name, id(0), 1)
	if len(records) != 1 || !bytes.Equal(records[0].Data, data) {
		t.Errorf("%d records by polling, want the large one", len(records))
	}
	stream := s.subscribe(t, s.consumer(t, name, "reader"), id(0), horizon())
	event := s.next(t, stream)
	for event != nil && len(event.Records) == 0 {
		event = s.next(t, stream)
	}
	if event == nil || !bytes.Equal(event.Records[0].Data, data) {
		t.Errorf("no large record by fan-out: %v", stream.Err())
	}
}

func (s *suite) testFanOutPositions(t *testing.T) {
	name := s.stream(t, 1)
	first := s.put(t, name, []types.PutRecordsRequestEntry{entry("k", "0")})
	must(t, s.wall.Sleep(t.Context(), 1100*time.Millisecond)) // clocks may differ a little
	s.put(t, name, []types.PutRecordsRequestEntry{entry("k", "1")})
	records, _ := s.readAll(t, name, id(0), 2)
	between := records[0].ApproximateArrivalTimestamp.Add(records[1].ApproximateArrivalTimestamp.Sub(*records[0].ApproximateArrivalTimestamp) / 2)
	for i, c := range []struct {
		from types.StartingPosition
		want string
	}{
		{types.StartingPosition{Type: types.ShardIteratorTypeAtTimestamp, Timestamp: &between}, "1"},
		{types.StartingPosition{Type: types.ShardIteratorTypeAtTimestamp, Timestamp: aws.Time(between.Add(-time.Hour))}, "0"},
		{types.StartingPosition{Type: types.ShardIteratorTypeAtSequenceNumber, SequenceNumber: first[0].SequenceNumber}, "0"},
		{types.StartingPosition{Type: types.ShardIteratorTypeAfterSequenceNumber, SequenceNumber: first[0].SequenceNumber}, "1"},
	} {
		stream := s.subscribe(t, s.consumer(t, name, fmt.Sprint("reader-", i)), id(0), c.from)
		event := s.next(t, stream)
		for event != nil && len(event.Records) == 0 {
			event = s.next(t, stream)
		}
		if event == nil || string(event.Records[0].Data) != c.want {
			t.Errorf("%s: %+v, want record %s first", c.from.Type, event, c.want)
		}
	}
}

func (s *suite) testDryRun(t *testing.T) {
	name := s.stream(t, 1)
	ctx := t.Context()
	const would = "DryRunOperationException"
	_, err := s.client.PutRecord(ctx, &kinesis.PutRecordInput{StreamName: &name, PartitionKey: aws.String("k"), Data: []byte("x"), DryRun: aws.Bool(true)})
	wantCode(t, "put", err, would)
	_, err = s.client.PutRecords(ctx, &kinesis.PutRecordsInput{StreamName: &name, Records: []types.PutRecordsRequestEntry{entry("k", "x")}, DryRun: aws.Bool(true)})
	wantCode(t, "puts", err, would)
	_, err = s.client.GetShardIterator(ctx, &kinesis.GetShardIteratorInput{StreamName: &name, ShardId: aws.String(id(0)), ShardIteratorType: types.ShardIteratorTypeLatest, DryRun: aws.Bool(true)})
	wantCode(t, "iterator", err, would)
	from := s.iterator(t, name, id(0), kinesis.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeTrimHorizon})
	_, err = s.client.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: from, DryRun: aws.Bool(true)})
	wantCode(t, "get", err, would)
	_, err = s.client.PutRecord(ctx, &kinesis.PutRecordInput{StreamName: aws.String(name + "x"), PartitionKey: aws.String("k"), Data: []byte("x"), DryRun: aws.Bool(true)})
	wantCode(t, "put to no stream", err, "ResourceNotFoundException")
	out, err := s.client.GetRecords(ctx, &kinesis.GetRecordsInput{ShardIterator: from})
	must(t, err)
	if len(out.Records) != 0 {
		t.Errorf("dry runs put %d records", len(out.Records))
	}
}
