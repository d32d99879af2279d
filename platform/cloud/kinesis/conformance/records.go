package conformance

import (
	"bytes"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// put stores entries, retrying those that were throttled, and returns the
// result of each.
func (s *suite) put(t *testing.T, name string, entries []types.PutRecordsRequestEntry) []types.PutRecordsResultEntry {
	t.Helper()
	results := make([]types.PutRecordsResultEntry, len(entries))
	todo := make([]int, len(entries))
	for i := range todo {
		todo[i] = i
	}
	for len(todo) > 0 {
		batch := todo[:min(500, len(todo))]
		in := &kinesis.PutRecordsInput{StreamName: &name}
		for _, i := range batch {
			in.Records = append(in.Records, entries[i])
		}
		out, err := s.client.PutRecords(t.Context(), in)
		must(t, err)
		if len(out.Records) != len(batch) {
			t.Fatalf("%d results for %d records", len(out.Records), len(batch))
		}
		var failed []int
		for j, r := range out.Records {
			if r.ErrorCode != nil {
				failed = append(failed, batch[j])
				continue
			}
			results[batch[j]] = r
		}
		if int(*out.FailedRecordCount) != len(failed) {
			t.Fatalf("FailedRecordCount %d, but %d failed", *out.FailedRecordCount, len(failed))
		}
		todo = append(todo[len(batch):], failed...)
		if len(failed) > 0 {
			must(t, s.wall.Sleep(t.Context(), time.Second))
		}
	}
	return results
}

func entry(key, data string) types.PutRecordsRequestEntry {
	return types.PutRecordsRequestEntry{PartitionKey: &key, Data: []byte(data)}
}

// iterator gets an iterator; in names everything but the stream.
func (s *suite) iterator(t *testing.T, name, shard string, in kinesis.GetShardIteratorInput) *string {
	t.Helper()
	in.StreamName, in.ShardId = &name, &shard
	out, err := s.client.GetShardIterator(t.Context(), &in)
	must(t, err)
	return out.ShardIterator
}

// readOn reads from an iterator until want records came or the shard ended.
func (s *suite) readOn(t *testing.T, iterator *string, want int) (list []types.Record, last *kinesis.GetRecordsOutput) {
	t.Helper()
	s.eventually(t, fmt.Sprintf("read %d records", want), func() bool {
		out, err := s.client.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: iterator})
		must(t, err)
		list, last = append(list, out.Records...), out
		iterator = out.NextShardIterator
		return len(list) >= want || iterator == nil
	})
	return list, last
}

func (s *suite) readAll(t *testing.T, name, shard string, want int) ([]types.Record, *kinesis.GetRecordsOutput) {
	t.Helper()
	return s.readOn(t, s.iterator(t, name, shard, kinesis.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeTrimHorizon}), want)
}

func number(t *testing.T, text *string) *big.Int {
	t.Helper()
	n, ok := new(big.Int).SetString(aws.ToString(text), 10)
	if !ok {
		t.Fatalf("%q is no sequence number", aws.ToString(text))
	}
	return n
}

func (s *suite) testHashKeys(t *testing.T) {
	name := s.stream(t, 3)
	const last = "340282366920938463463374607431768211455"
	entries := []types.PutRecordsRequestEntry{
		entry("a", "1"), entry("partitionKey-1", "2"), entry("user-1", "3"), entry("🚗", "4"),
		{PartitionKey: aws.String("a"), Data: []byte("5"), ExplicitHashKey: aws.String(last)},
		{PartitionKey: aws.String("a"), Data: []byte("6"), ExplicitHashKey: aws.String("113427455640312821154458202477256070484")},
		{PartitionKey: aws.String("a"), Data: []byte("7"), ExplicitHashKey: aws.String("113427455640312821154458202477256070485")},
	}
	want := []int{0, 1, 2, 1, 2, 0, 1}
	for i, r := range s.put(t, name, entries) {
		if got, want := *r.ShardId, fmt.Sprintf("shardId-%012d", want[i]); got != want {
			t.Errorf("record %s went to %s, want %s", entries[i].Data, got, want)
		}
	}
	shards := s.shards(t, name)
	if got := *shards[2].HashKeyRange; *got.StartingHashKey != "226854911280625642308916404954512140970" || *got.EndingHashKey != last {
		t.Errorf("last of three ranges %s–%s", *got.StartingHashKey, *got.EndingHashKey)
	}
	_, err := s.client.PutRecord(t.Context(), &kinesis.PutRecordInput{
		StreamName: &name, PartitionKey: aws.String("a"), Data: []byte("x"),
		ExplicitHashKey: aws.String("340282366920938463463374607431768211456"),
	})
	wantCode(t, "ExplicitHashKey 2^128", err, "InvalidArgumentException")
	_, err = s.client.PutRecords(t.Context(), &kinesis.PutRecordsInput{StreamName: &name, Records: []types.PutRecordsRequestEntry{
		entry("a", "not stored"),
		{PartitionKey: aws.String("a"), Data: []byte("x"), ExplicitHashKey: aws.String("340282366920938463463374607431768211456")},
	}})
	wantCode(t, "one bad ExplicitHashKey among others", err, "InvalidArgumentException")
	if got, _ := s.readAll(t, name, "shardId-000000000000", 2); len(got) != 2 {
		t.Errorf("shard 0 holds %d records, want 2: a rejected call stored some", len(got))
	}
}

func (s *suite) testPutAndRead(t *testing.T) {
	name := s.stream(t, 1)
	big := bytes.Repeat([]byte{0, 255, '"'}, 100_000)
	var previous *string
	var numbers []string
	for i, data := range [][]byte{[]byte("first"), {}, big} {
		out, err := s.client.PutRecord(t.Context(), &kinesis.PutRecordInput{
			StreamName: &name, PartitionKey: aws.String("клю\"ч"), Data: data, SequenceNumberForOrdering: previous,
		})
		must(t, err)
		if previous != nil && number(t, out.SequenceNumber).Cmp(number(t, previous)) <= 0 {
			t.Errorf("put %d: %s is not above %s", i, *out.SequenceNumber, *previous)
		}
		previous = out.SequenceNumber
		numbers = append(numbers, *previous)
	}
	var entries []types.PutRecordsRequestEntry
	for i := range 500 {
		entries = append(entries, entry("k", fmt.Sprint(i)))
	}
	s.put(t, name, entries)

	began := s.wall.Now()
	got, last := s.readAll(t, name, "shardId-000000000000", 503)
	if len(got) != 503 || *last.MillisBehindLatest != 0 || last.NextShardIterator == nil || last.ChildShards != nil {
		t.Fatalf("read %d records, last reply %+v", len(got), last)
	}
	if !bytes.Equal(got[2].Data, big) || len(got[1].Data) != 0 || *got[0].PartitionKey != "клю\"ч" {
		t.Error("records differ from what was put")
	}
	for i := range got {
		if i < 3 && *got[i].SequenceNumber != numbers[i] {
			t.Errorf("record %d has number %s, put said %s", i, *got[i].SequenceNumber, numbers[i])
		}
		if i > 0 && number(t, got[i].SequenceNumber).Cmp(number(t, got[i-1].SequenceNumber)) <= 0 {
			t.Fatalf("record %d: numbers do not rise", i)
		}
		if age := began.Sub(*got[i].ApproximateArrivalTimestamp).Abs(); age > 10*time.Minute {
			t.Fatalf("record %d arrived %s, now is %s", i, got[i].ApproximateArrivalTimestamp, began)
		}
	}
	limited, err := s.client.GetRecords(t.Context(), &kinesis.GetRecordsInput{
		ShardIterator: s.iterator(t, name, "shardId-0", kinesis.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeTrimHorizon}),
		Limit:         aws.Int32(2),
	})
	must(t, err)
	if len(limited.Records) != 2 || *limited.MillisBehindLatest == 0 {
		t.Errorf("limit 2 gave %d records, %d ms behind", len(limited.Records), *limited.MillisBehindLatest)
	}
}

func (s *suite) testIterators(t *testing.T) {
	name := s.stream(t, 1)
	const shard = "shardId-000000000000"
	latest := s.iterator(t, name, shard, kinesis.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeLatest})
	put := s.put(t, name, []types.PutRecordsRequestEntry{entry("k", "0"), entry("k", "1"), entry("k", "2")})
	all, _ := s.readAll(t, name, shard, 3)
	if len(all) != 3 {
		t.Fatalf("read %d records, want 3", len(all))
	}
	second := put[1].SequenceNumber
	for _, c := range []struct {
		what string
		in   kinesis.GetShardIteratorInput
		want int // the first record read
	}{
		{"at", kinesis.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeAtSequenceNumber, StartingSequenceNumber: second}, 1},
		{"after", kinesis.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeAfterSequenceNumber, StartingSequenceNumber: second}, 2},
		{"horizon", kinesis.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeTrimHorizon}, 0},
		{"long ago", kinesis.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeAtTimestamp, Timestamp: aws.Time(s.wall.Now().Add(-time.Hour))}, 0},
		{"at the first's arrival", kinesis.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeAtTimestamp, Timestamp: all[0].ApproximateArrivalTimestamp}, 0},
	} {
		iterator := s.iterator(t, name, shard, c.in)
		for range 2 { // an iterator may be used twice
			got, _ := s.readOn(t, iterator, 3-c.want)
			if len(got) != 3-c.want || string(got[0].Data) != fmt.Sprint(c.want) {
				t.Errorf("%s: got %d records, want those from %d on", c.what, len(got), c.want)
			}
		}
	}
	if got, _ := s.readOn(t, latest, 3); len(got) != 3 || string(got[0].Data) != "0" {
		t.Errorf("LATEST taken before the puts: %d records", len(got))
	}
	must(t, s.wall.Sleep(t.Context(), 20*time.Millisecond)) // past the last arrival's millisecond
	after := s.iterator(t, name, shard, kinesis.GetShardIteratorInput{
		ShardIteratorType: types.ShardIteratorTypeAtTimestamp,
		Timestamp:         aws.Time(all[2].ApproximateArrivalTimestamp.Add(time.Millisecond)),
	})
	s.put(t, name, []types.PutRecordsRequestEntry{entry("k", "3")})
	if got, _ := s.readOn(t, after, 1); len(got) != 1 || string(got[0].Data) != "3" {
		t.Errorf("timestamp after the last record: %d records, want the next to come", len(got))
	}
}

func (s *suite) testRecreatedStream(t *testing.T) {
	name := s.stream(t, 1)
	put := s.put(t, name, []types.PutRecordsRequestEntry{entry("k", "old")})
	old := s.iterator(t, name, "shardId-000000000000", kinesis.GetShardIteratorInput{ShardIteratorType: types.ShardIteratorTypeTrimHorizon})
	_, err := s.client.DeleteStream(t.Context(), &kinesis.DeleteStreamInput{StreamName: &name})
	must(t, err)
	s.eventually(t, "stream deleted", func() bool {
		_, err := s.client.DescribeStreamSummary(t.Context(), &kinesis.DescribeStreamSummaryInput{StreamName: &name})
		return code(err) == "ResourceNotFoundException"
	})
	_, err = s.client.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: old})
	wantCode(t, "iterator of a deleted stream", err, "ResourceNotFoundException")
	must(t, s.wall.Sleep(t.Context(), 1100*time.Millisecond)) // numbers carry the shard's creation second
	s.create(t, name, 1)
	if out, err := s.client.GetRecords(t.Context(), &kinesis.GetRecordsInput{ShardIterator: old}); err == nil {
		t.Errorf("the old stream's iterator reads the new one: %+v", out)
	}
	_, err = s.client.GetShardIterator(t.Context(), &kinesis.GetShardIteratorInput{
		StreamName: &name, ShardId: aws.String("shardId-000000000000"),
		ShardIteratorType: types.ShardIteratorTypeAtSequenceNumber, StartingSequenceNumber: put[0].SequenceNumber,
	})
	wantCode(t, "number of a deleted stream", err, "InvalidArgumentException")
}
