package conformance

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

const halfway = "170141183460469231731687303715884105728" // 2^127

func (s *suite) split(t *testing.T, name, shard, at string) {
	t.Helper()
	_, err := s.client.SplitShard(t.Context(), &kinesis.SplitShardInput{StreamName: &name, ShardToSplit: &shard, NewStartingHashKey: &at})
	must(t, err)
	s.active(t, name)
}

func (s *suite) merge(t *testing.T, name, first, second string) {
	t.Helper()
	_, err := s.client.MergeShards(t.Context(), &kinesis.MergeShardsInput{StreamName: &name, ShardToMerge: &first, AdjacentShardToMerge: &second})
	must(t, err)
	s.active(t, name)
}

func id(index int) string { return fmt.Sprintf("shardId-%012d", index) }

func (s *suite) testSplitAndMerge(t *testing.T) {
	name := s.stream(t, 1)
	before := s.put(t, name, []types.PutRecordsRequestEntry{entry("a", "0")})
	tail := s.iterator(t, name, id(0), kinesis.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeLatest})
	s.split(t, name, id(0), halfway)
	between := s.put(t, name, []types.PutRecordsRequestEntry{entry("a", "1"), entry("user-1", "2")})
	if *between[0].ShardId != id(1) || *between[1].ShardId != id(2) {
		t.Errorf("after the split records went to %s and %s", *between[0].ShardId, *between[1].ShardId)
	}
	s.merge(t, name, id(1), id(2))
	after := s.put(t, name, []types.PutRecordsRequestEntry{entry("a", "3")})
	if *after[0].ShardId != id(3) {
		t.Errorf("after the merge a record went to %s", *after[0].ShardId)
	}
	// One key's numbers rise across shards.
	numbers := []*string{before[0].SequenceNumber, between[0].SequenceNumber, after[0].SequenceNumber}
	for i := 1; i < len(numbers); i++ {
		if number(t, numbers[i]).Cmp(number(t, numbers[i-1])) <= 0 {
			t.Errorf("key a: number %s is not above %s", *numbers[i], *numbers[i-1])
		}
	}

	shards := s.shards(t, name)
	if len(shards) != 4 {
		t.Fatalf("%d shards listed, want 4", len(shards))
	}
	for i, sh := range shards {
		closed := sh.SequenceNumberRange.EndingSequenceNumber != nil
		if *sh.ShardId != id(i) || closed != (i < 3) {
			t.Errorf("shard %d: %s, closed %t", i, *sh.ShardId, closed)
		}
	}
	if aws.ToString(shards[1].ParentShardId) != id(0) || shards[1].AdjacentParentShardId != nil ||
		aws.ToString(shards[3].ParentShardId) != id(1) || aws.ToString(shards[3].AdjacentParentShardId) != id(2) {
		t.Errorf("parents %+v", shards)
	}
	if *shards[1].HashKeyRange.EndingHashKey != "170141183460469231731687303715884105727" || *shards[2].HashKeyRange.StartingHashKey != halfway ||
		*shards[3].HashKeyRange.StartingHashKey != "0" {
		t.Errorf("ranges of the children: %+v %+v %+v", shards[1].HashKeyRange, shards[2].HashKeyRange, shards[3].HashKeyRange)
	}

	// A closed shard stays readable and names its children at the end.
	got, last := s.readAll(t, name, id(0), 2)
	if len(got) != 1 || last.NextShardIterator != nil {
		t.Fatalf("closed shard: %d records, next iterator %v", len(got), last.NextShardIterator)
	}
	if len(last.ChildShards) != 2 || *last.ChildShards[0].ShardId != id(1) || !slices.Equal(last.ChildShards[0].ParentShards, []string{id(0)}) {
		t.Errorf("children of the split shard %+v", last.ChildShards)
	}
	if _, last := s.readOn(t, tail, 1); last.NextShardIterator != nil || len(last.ChildShards) != 2 {
		t.Errorf("an iterator from before the split: %+v", last)
	}
	_, last = s.readAll(t, name, id(2), 2)
	if len(last.ChildShards) != 1 || !slices.Equal(last.ChildShards[0].ParentShards, []string{id(1), id(2)}) {
		t.Errorf("child of the merged shards %+v", last.ChildShards)
	}
}

func (s *suite) testReshardErrors(t *testing.T) {
	name := s.stream(t, 3)
	ctx := t.Context()
	const invalid, notFound = "InvalidArgumentException", "ResourceNotFoundException"
	end := s.shards(t, name)[0].HashKeyRange.EndingHashKey
	for key, want := range map[string]string{
		"0": invalid, "1": invalid, *end: invalid, halfway: invalid,
		"340282366920938463463374607431768211456": invalid, "01": "ValidationException",
	} {
		_, err := s.client.SplitShard(ctx, &kinesis.SplitShardInput{StreamName: &name, ShardToSplit: aws.String(id(0)), NewStartingHashKey: &key})
		wantCode(t, "split at "+key, err, want)
	}
	_, err := s.client.SplitShard(ctx, &kinesis.SplitShardInput{StreamName: &name, ShardToSplit: aws.String(id(9)), NewStartingHashKey: aws.String("5")})
	wantCode(t, "split no shard", err, notFound)
	for _, pair := range [][2]int{{0, 2}, {2, 0}, {1, 0}, {1, 1}} {
		_, err := s.client.MergeShards(ctx, &kinesis.MergeShardsInput{StreamName: &name, ShardToMerge: aws.String(id(pair[0])), AdjacentShardToMerge: aws.String(id(pair[1]))})
		wantCode(t, fmt.Sprintf("merge %v", pair), err, invalid)
	}
	s.split(t, name, id(0), "2")
	_, err = s.client.SplitShard(ctx, &kinesis.SplitShardInput{StreamName: &name, ShardToSplit: aws.String(id(0)), NewStartingHashKey: aws.String("5")})
	if err == nil {
		t.Error("a closed shard was split")
	}
}

func (s *suite) testListShards(t *testing.T) {
	name := s.stream(t, 2)
	ctx := t.Context()
	s.split(t, name, id(1), "300000000000000000000000000000000000000")
	must(t, s.wall.Sleep(ctx, 5*time.Millisecond))
	between := s.wall.Now()
	must(t, s.wall.Sleep(ctx, 5*time.Millisecond))
	s.split(t, name, id(0), "5")

	list := func(in kinesis.ListShardsInput) (ids []string) {
		t.Helper()
		in.StreamName = &name
		for {
			out, err := s.client.ListShards(ctx, &in)
			must(t, err)
			for _, sh := range out.Shards {
				ids = append(ids, *sh.ShardId)
			}
			if out.NextToken == nil {
				return ids
			}
			in = kinesis.ListShardsInput{NextToken: out.NextToken, MaxResults: in.MaxResults}
		}
	}
	filter := func(kind types.ShardFilterType) *types.ShardFilter { return &types.ShardFilter{Type: kind} }
	for _, c := range []struct {
		what string
		in   kinesis.ListShardsInput
		want []int
	}{
		{"all", kinesis.ListShardsInput{}, []int{0, 1, 2, 3, 4, 5}},
		{"pages of two", kinesis.ListShardsInput{MaxResults: aws.Int32(2)}, []int{0, 1, 2, 3, 4, 5}},
		{"after 2", kinesis.ListShardsInput{ExclusiveStartShardId: aws.String(id(2))}, []int{3, 4, 5}},
		{"AFTER_SHARD_ID", kinesis.ListShardsInput{ShardFilter: &types.ShardFilter{Type: types.ShardFilterTypeAfterShardId, ShardId: aws.String(id(3))}, MaxResults: aws.Int32(1)}, []int{4, 5}},
		{"AT_LATEST", kinesis.ListShardsInput{ShardFilter: filter(types.ShardFilterTypeAtLatest)}, []int{2, 3, 4, 5}},
		{"AT_LATEST in pages", kinesis.ListShardsInput{ShardFilter: filter(types.ShardFilterTypeAtLatest), MaxResults: aws.Int32(3)}, []int{2, 3, 4, 5}},
		{"AT_TRIM_HORIZON", kinesis.ListShardsInput{ShardFilter: filter(types.ShardFilterTypeAtTrimHorizon)}, []int{0, 1}},
		{"FROM_TRIM_HORIZON", kinesis.ListShardsInput{ShardFilter: filter(types.ShardFilterTypeFromTrimHorizon)}, []int{0, 1, 2, 3, 4, 5}},
		{"AT_TIMESTAMP", kinesis.ListShardsInput{ShardFilter: &types.ShardFilter{Type: types.ShardFilterTypeAtTimestamp, Timestamp: &between}}, []int{0, 2, 3}},
		{"FROM_TIMESTAMP", kinesis.ListShardsInput{ShardFilter: &types.ShardFilter{Type: types.ShardFilterTypeFromTimestamp, Timestamp: &between}}, []int{0, 2, 3, 4, 5}},
	} {
		var want []string
		for _, i := range c.want {
			want = append(want, id(i))
		}
		if got := list(c.in); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", c.what, got, want)
		}
	}
	const invalid = "InvalidArgumentException"
	_, err := s.client.ListShards(ctx, &kinesis.ListShardsInput{})
	wantCode(t, "neither name nor token", err, invalid)
	page, err := s.client.ListShards(ctx, &kinesis.ListShardsInput{StreamName: &name, MaxResults: aws.Int32(1)})
	must(t, err)
	_, err = s.client.ListShards(ctx, &kinesis.ListShardsInput{StreamName: &name, NextToken: page.NextToken})
	wantCode(t, "name and token", err, invalid)
	_, err = s.client.ListShards(ctx, &kinesis.ListShardsInput{NextToken: aws.String("nonsense")})
	wantCode(t, "garbage token", err, invalid)
}
