package kinesis

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/clock"
)

func TestStatusesAreVisible(t *testing.T) {
	inBubble(t, Config{StatusDelay: time.Second}, func(b bench) {
		_, err := call[any](b, "CreateStream", &CreateStreamInput{StreamName: ptr("s"), ShardCount: ptr(1)})
		b.must(err)
		if got := b.status("s"); got != "CREATING" {
			t.Errorf("after create: %s", got)
		}
		_, err = b.put("s", "k", []byte("x"))
		b.want("put while CREATING", err, "ResourceNotFoundException")
		_, err = call[any](b, "SplitShard", &SplitShardInput{StreamRef: named("s"), ShardToSplit: ptr("shardId-0"), NewStartingHashKey: ptr("5")})
		b.want("split while CREATING", err, "ResourceInUseException")
		b.settle()
		if got := b.status("s"); got != "ACTIVE" {
			t.Errorf("after the delay: %s", got)
		}
		_, err = call[any](b, "SplitShard", &SplitShardInput{StreamRef: named("s"), ShardToSplit: ptr("shardId-0"), NewStartingHashKey: ptr("5")})
		b.must(err)
		if out, err := b.put("s", "k", []byte("x")); err != nil || out.ShardID != "shardId-000000000000" {
			t.Errorf("put while UPDATING: %+v %v", out, err)
		}
		if got := b.status("s"); got != "UPDATING" {
			t.Errorf("after split: %s", got)
		}
		b.settle()
		if out, err := b.put("s", "k", []byte("x")); err != nil || out.ShardID != "shardId-000000000002" {
			t.Errorf("put after the split: %+v %v", out, err)
		}
		_, err = call[any](b, "DeleteStream", &DeleteStreamInput{StreamRef: named("s")})
		b.must(err)
		if _, err := b.put("s", "k", []byte("x")); err != nil || b.status("s") != "DELETING" {
			t.Errorf("put while DELETING: %v, status %s", err, b.status("s"))
		}
		b.settle()
		if got := b.status("s"); got != "ResourceNotFoundException" {
			t.Errorf("after delete: %s", got)
		}
	})
}

func TestWriteLimits(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		b.stream("s", 1)
		puts := func(n, size int) (failed int) {
			in := &PutRecordsInput{StreamRef: named("s")}
			for range n {
				in.Records = append(in.Records, PutRecordsEntry{PartitionKey: ptr("k"), Data: make([]byte, size)})
			}
			out, err := call[*PutRecordsOutput](b, "PutRecords", in)
			b.must(err)
			for _, r := range out.Records {
				if r.ErrorCode == "" {
					continue
				}
				if want := "Rate exceeded for shard shardId-000000000000 in stream s under account 000000000000."; r.ErrorCode != codeThroughput || r.ErrorMessage != want || r.ShardID != "" {
					t.Fatalf("failed record %+v", r)
				}
			}
			return out.FailedRecordCount
		}
		for i, want := range []int{0, 0, 500} {
			if got := puts(500, 1); got != want {
				t.Errorf("call %d within a second: %d records throttled, want %d", i, got, want)
			}
		}
		_, err := b.put("s", "k", []byte("x"))
		b.want("single put over the rate", err, codeThroughput)
		time.Sleep(time.Second)
		if got := puts(11, 100_000); got != 1 { // 1 MiB holds ten of them
			t.Errorf("%d of 11 × 100 kB throttled, want 1", got)
		}
		time.Sleep(500 * time.Millisecond)
		if got := puts(500, 0); got != 0 {
			t.Errorf("%d small records throttled after half a second, want 0", got)
		}
	})
}

func TestReadLimits(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		b.stream("s", 1)
		it := b.iterator("s", "shardId-0", trimHorizon)
		for i := range 6 {
			_, err := b.get(it)
			b.want(fmt.Sprintf("read %d within a second", i), err, map[bool]string{true: codeThroughput}[i == 5])
		}
		for i := range 4 { // one iterator was taken above
			b.iterator("s", "shardId-0", latest)
			_ = i
		}
		_, err := call[any](b, "GetShardIterator", &GetShardIteratorInput{StreamRef: named("s"), ShardID: ptr("shardId-0"), ShardIteratorType: ptr(latest)})
		b.want("sixth iterator within a second", err, codeThroughput)

		for range 12 { // 12 MiB, at the rate the shard takes them
			time.Sleep(time.Second)
			_, err := b.put("s", "k", make([]byte, 1<<20-1))
			b.must(err)
		}
		out, err := b.get(b.iterator("s", "shardId-0", trimHorizon))
		if err != nil || len(out.Records) != 10 || out.MillisBehindLatest == 0 {
			t.Fatalf("read of 12 MiB: %v, %d records", err, len(out.Records))
		}
		time.Sleep(4900 * time.Millisecond)
		_, err = b.get(out.NextShardIterator)
		b.want("read 4.9 s after 10 MiB", err, codeThroughput)
		time.Sleep(200 * time.Millisecond)
		if out, err = b.get(out.NextShardIterator); err != nil || len(out.Records) != 2 {
			t.Errorf("read 5.1 s after 10 MiB: %v", err)
		}
	})
}

func TestControlLimits(t *testing.T) {
	inBubble(t, Config{StatusDelay: 10 * time.Second}, func(b bench) {
		create := func(name string) error {
			_, err := call[any](b, "CreateStream", &CreateStreamInput{StreamName: &name, ShardCount: ptr(1)})
			return err
		}
		for i := range 5 {
			b.must(create(fmt.Sprint(i)))
		}
		b.want("sixth create within a second", create("5"), codeLimit)
		time.Sleep(time.Second)
		b.want("sixth stream in CREATING", create("6"), codeLimit)
		b.settle()
		b.must(create("7"))
		time.Sleep(time.Second)
		_, err := call[any](b, "CreateStream", &CreateStreamInput{StreamName: ptr("huge"), ShardCount: ptr(20_000)})
		b.want("more shards than the account has", err, codeLimit)
	})
}

func TestIteratorExpires(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		b.stream("s", 1)
		it := b.iterator("s", "shardId-0", trimHorizon)
		time.Sleep(tokenTTL)
		_, err := b.get(it)
		b.want("after exactly five minutes", err, "")
		time.Sleep(2 * time.Millisecond)
		_, err = b.get(it)
		b.want("after five minutes", err, codeExpiredIterator)

		page, err := call[*ListShardsOutput](b, "ListShards", &ListShardsInput{StreamRef: named("s"), MaxResults: ptr(1)})
		b.must(err)
		if page.NextToken != nil {
			t.Error("a single shard has a second page")
		}
		b.stream("two", 2)
		page, err = call[*ListShardsOutput](b, "ListShards", &ListShardsInput{StreamRef: named("two"), MaxResults: ptr(1)})
		b.must(err)
		time.Sleep(tokenTTL + 2*time.Millisecond)
		_, err = call[any](b, "ListShards", &ListShardsInput{NextToken: page.NextToken})
		b.want("page token after five minutes", err, codeExpiredToken)
	})
}

func TestRetentionTrims(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		b.stream("s", 1)
		_, err := b.put("s", "k", []byte("old"))
		b.must(err)
		stale, err := b.put("s", "k", []byte("old too"))
		b.must(err)
		_, err = call[any](b, "SplitShard", &SplitShardInput{StreamRef: named("s"), ShardToSplit: ptr("shardId-0"), NewStartingHashKey: ptr("5")})
		b.must(err)
		time.Sleep(12 * time.Hour)
		_, err = b.put("s", "k", []byte("young"))
		b.must(err)
		ids := func() (list []string) {
			out, err := call[*ListShardsOutput](b, "ListShards", &ListShardsInput{StreamRef: named("s")})
			b.must(err)
			for _, sh := range out.Shards {
				list = append(list, sh.ShardID[len(sh.ShardID)-1:])
			}
			return list
		}
		if got := strings.Join(ids(), ""); got != "012" {
			t.Errorf("shards within retention %s, want 012", got)
		}
		if out, err := b.get(b.iterator("s", "shardId-0", trimHorizon)); err != nil || len(out.Records) != 2 || out.NextShardIterator != nil || len(out.ChildShards) != 2 {
			t.Errorf("closed shard within retention: %+v %v", out, err)
		}
		kept := b.iterator("s", "shardId-2", trimHorizon)
		if out, err := b.get(kept); err != nil || len(out.Records) != 1 {
			t.Errorf("child within retention: %v", err)
		}
		time.Sleep(13 * time.Hour)
		if got := strings.Join(ids(), ""); got != "12" {
			t.Errorf("shards after retention %s, want 12", got)
		}
		_, err = call[any](b, "GetShardIterator", &GetShardIteratorInput{
			StreamRef: named("s"), ShardID: ptr("shardId-0"), ShardIteratorType: ptr(atSequence), StartingSequenceNumber: &stale.SequenceNumber,
		})
		b.want("iterator into an expired shard", err, codeNotFound)
		if out, err := b.get(b.iterator("s", "shardId-2", trimHorizon)); err != nil || len(out.Records) != 1 {
			t.Errorf("record of 13 h: %v", err)
		}
		time.Sleep(12 * time.Hour)
		if out, err := b.get(b.iterator("s", "shardId-2", trimHorizon)); err != nil || len(out.Records) != 0 {
			t.Errorf("record of 25 h is still there: %v", err)
		}
	})
}

// skewedClock is the wall clock with an offset that tests move.
type skewedClock struct {
	clock.Wall
	offset *atomic.Int64
}

func (c skewedClock) Now() time.Time { return c.Wall.Now().Add(time.Duration(c.offset.Load())) }

func TestNumbersRiseWhenTheClockStepsBack(t *testing.T) {
	wall := skewedClock{offset: new(atomic.Int64)}
	inBubble(t, Config{Wall: wall, QuotasOff: true, StatusDelay: -1}, func(b bench) {
		b.stream("s", 1)
		var previous string
		for step := range 20 {
			wall.offset.Store(-int64(step) * int64(time.Hour))
			out, err := b.put("s", "k", []byte("x"))
			b.must(err)
			if out.SequenceNumber <= previous {
				t.Fatalf("step %d: %s is not above %s", step, out.SequenceNumber, previous)
			}
			previous = out.SequenceNumber
			if step%5 == 4 { // children begin later than their parent, whatever the clock says
				open := b.streams["s"].open
				_, err := call[any](b, "SplitShard", &SplitShardInput{
					StreamRef: named("s"), ShardToSplit: &open[len(open)-1].id, NewStartingHashKey: ptr(open[len(open)-1].keys.start.add(5).String()),
				})
				b.must(err)
				if got := b.status("s"); got != "ACTIVE" {
					t.Fatalf("after the split: %s", got)
				}
			}
		}
	})
}

func TestConsumerLimits(t *testing.T) {
	inBubble(t, Config{StatusDelay: 2 * time.Second}, func(b bench) {
		b.stream("s", 1)
		arn := b.streamARN("s")
		register := func(name string) error {
			_, err := call[any](b, "RegisterStreamConsumer", &RegisterStreamConsumerInput{StreamARN: &arn, ConsumerName: &name})
			return err
		}
		for i := range 5 {
			b.must(register(fmt.Sprint("first-", i)))
		}
		time.Sleep(time.Second)
		b.want("sixth in CREATING", register("x"), codeLimit)
		for group := range 3 {
			b.settle()
			for i := range 5 {
				b.must(register(fmt.Sprint(group, "-", i)))
			}
		}
		b.settle()
		b.want("21st consumer", register("x"), codeLimit)
	})
}

func TestOperationsAreListedOnce(t *testing.T) {
	t.Parallel()
	s, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, op := range s.Service().Operations {
		names = append(names, op.Name)
	}
	if slices.Sort(names); len(names) != 45 || len(slices.Compact(names)) != 45 {
		t.Errorf("%d operations, want AWS's 45 once each: %q", len(names), names)
	}
}
