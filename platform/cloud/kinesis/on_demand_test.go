package kinesis

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func (b bench) onDemand(name string) {
	b.Helper()
	_, err := call[any](b, "CreateStream", &CreateStreamInput{StreamName: &name, StreamModeDetails: &StreamModeDetails{StreamMode: modeOnDemand}})
	b.must(err)
	b.settle()
	time.Sleep(sweepEvery / 20) // so that no write falls on the instant of a sweep
}

func (b bench) open(name string) int {
	b.Helper()
	out, err := call[*DescribeStreamSummaryOutput](b, "DescribeStreamSummary", &DescribeStreamSummaryInput{named(name)})
	b.must(err)
	return out.StreamDescriptionSummary.OpenShardCount
}

// write puts perSecond tiny records a second, evenly over the hash space, and
// returns how many were throttled.
func (b bench) write(name string, perSecond int, lasting time.Duration) (throttled int) {
	b.Helper()
	in := &PutRecordsInput{StreamRef: named(name)}
	for _, keys := range evenRanges(putRecordsMax) {
		in.Records = append(in.Records, PutRecordsEntry{Data: []byte{}, PartitionKey: ptr("k"), ExplicitHashKey: ptr(keys.start.String())})
	}
	for range int(lasting / time.Second) {
		for range perSecond / putRecordsMax {
			out, err := call[*PutRecordsOutput](b, "PutRecords", in)
			b.must(err)
			throttled += out.FailedRecordCount
		}
		time.Sleep(time.Second)
	}
	return throttled
}

func TestOnDemandGrowsToTwiceThePeak(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		b.onDemand("s")
		if got := b.open("s"); got != onDemandShards {
			t.Fatalf("%d shards at first, want %d", got, onDemandShards)
		}
		// 1,500 of 4,000 records/s: room for twice the peak is there already.
		if n := b.write("s", 1500, 2*time.Minute); n != 0 || b.open("s") != 4 {
			t.Errorf("at 1,500 a second: %d throttled, %d shards, want 0 and 4", n, b.open("s"))
		}
		// 3,000: six shards are wanted.
		if n := b.write("s", 3000, 2*time.Minute); n != 0 || b.open("s") != 6 {
			t.Errorf("at 3,000 a second: %d throttled, %d shards, want 0 and 6", n, b.open("s"))
		}
		// 10,000 is more than twice the peak: throttled, and within 15 minutes of
		// the last growth nothing is added.
		if n := b.write("s", 10_000, 2*time.Minute); n == 0 || b.open("s") != 6 {
			t.Errorf("at 10,000 a second: %d throttled, %d shards, want some and 6", n, b.open("s"))
		}
		time.Sleep(15 * time.Minute)
		if got := b.open("s"); got < 8 || got > 12 {
			t.Errorf("15 minutes later: %d shards, want twice what was let through", got)
		}
		// Capacity follows the peak of 30 days, so it stays when traffic goes.
		before := b.open("s")
		time.Sleep(24 * time.Hour)
		if got := b.open("s"); got != before {
			t.Errorf("after an idle day: %d shards, had %d", got, before)
		}
	})
}

func TestOnDemandDoesNotIsolateOneKey(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		b.onDemand("s")
		in := &PutRecordsInput{StreamRef: named("s")}
		for range putRecordsMax {
			in.Records = append(in.Records, PutRecordsEntry{Data: []byte{}, PartitionKey: ptr("hot")})
		}
		for second := range 180 {
			failed := 0
			for range 3 {
				out, err := call[*PutRecordsOutput](b, "PutRecords", in)
				b.must(err)
				failed += out.FailedRecordCount
			}
			if failed != 500 && second > 1 {
				t.Fatalf("second %d: %d of 1,500 records of one key throttled, want 500", second, failed)
			}
			time.Sleep(time.Second)
		}
		if got := b.open("s"); got != 4 {
			t.Errorf("%d shards for 1,000 records/s, want 4", got)
		}
	})
}

func TestModeRules(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		b.onDemand("d")
		b.stream("p", 2)
		const invalid = "ValidationException"
		_, err := call[any](b, "SplitShard", &SplitShardInput{StreamRef: named("d"), ShardToSplit: ptr("shardId-0"), NewStartingHashKey: ptr("5")})
		b.want("split of an on-demand stream", err, invalid)
		_, err = call[any](b, "MergeShards", &MergeShardsInput{StreamRef: named("d"), ShardToMerge: ptr("shardId-0"), AdjacentShardToMerge: ptr("shardId-1")})
		b.want("merge of an on-demand stream", err, invalid)
		b.want("scaling of an on-demand stream", b.scale("d", 5), invalid)
		for _, name := range []string{"d", "p"} {
			_, err = call[any](b, "UpdateStreamWarmThroughput", &UpdateStreamWarmThroughputInput{StreamRef: named(name), WarmThroughputMiBps: ptr(10)})
			b.want("warm throughput without Advantage", err, invalid)
		}
		strategy := func(name, strategy string) error {
			_, err := call[any](b, "UpdateStreamRecordDistributionStrategy", &UpdateStreamRecordDistributionStrategyInput{
				StreamARN: ptr(b.streamARN(name)), RecordDistributionStrategy: &strategy,
			})
			return err
		}
		b.want("AUTO on a provisioned stream", strategy("p", strategyAuto), codeInvalidArgument)
		_, err = call[any](b, "PutRecord", &PutRecordInput{StreamRef: named("d"), Data: []byte("x")})
		b.want("no partition key", err, invalid)
		b.must(strategy("d", strategyAuto))
		used := make(map[string]int)
		for range 8 {
			out, err := call[*PutRecordOutput](b, "PutRecord", &PutRecordInput{StreamRef: named("d"), Data: []byte("x")})
			b.must(err)
			used[out.ShardID]++
		}
		out, err := call[*PutRecordsOutput](b, "PutRecords", &PutRecordsInput{StreamRef: named("d"), Records: []PutRecordsEntry{
			{Data: []byte("x")}, {Data: []byte("x"), PartitionKey: ptr("k")}, {Data: []byte("x"), PartitionKey: ptr("k")}, {Data: []byte("x"), PartitionKey: ptr("k"), ExplicitHashKey: ptr("0")},
		}})
		b.must(err)
		for _, r := range out.Records {
			used[r.ShardID]++
		}
		if fmt.Sprint(used) != "map[shardId-000000000000:3 shardId-000000000001:3 shardId-000000000002:3 shardId-000000000003:3]" {
			t.Errorf("AUTO put records on %v", used)
		}

		mode := func(name, mode string) error {
			_, err := call[any](b, "UpdateStreamMode", &UpdateStreamModeInput{StreamARN: ptr(b.streamARN(name)), StreamModeDetails: &StreamModeDetails{StreamMode: mode}})
			b.settle()
			return err
		}
		b.want("the mode it has", mode("p", modeProvisioned), codeInvalidArgument)
		b.must(mode("p", modeOnDemand))
		if got := b.open("p"); got != 2 {
			t.Errorf("%d shards after the change of mode, want 2 as before", got)
		}
		b.must(mode("p", modeProvisioned))
		b.want("a third change within 24 h", mode("p", modeOnDemand), codeLimit)
		time.Sleep(24 * time.Hour)
		b.must(mode("p", modeOnDemand))

		limits, err := call[*DescribeLimitsOutput](b, "DescribeLimits", &DescribeLimitsInput{})
		b.must(err)
		if *limits != (DescribeLimitsOutput{ShardLimit: 20_000, OnDemandStreamCount: 2, OnDemandStreamCountLimit: 50}) {
			t.Errorf("limits %+v", *limits)
		}
	})
}

func TestMiddleHalvesARange(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) hashKey {
			return hashKey{hi: rapid.Uint64().Draw(t, name+" hi"), lo: rapid.Uint64().Draw(t, name+" lo")}
		}
		r := hashRange{start: draw("start"), end: draw("end")}
		if r.end.compare(r.start) <= 0 {
			r.start, r.end = r.end, r.start
		}
		if r.start == r.end {
			return
		}
		at := r.middle()
		if at.compare(r.start) <= 0 || at.compare(r.end) > 0 {
			t.Fatalf("middle of %v is %v", r, at)
		}
		width := func(a, b hashKey) hashKey { // b − a
			w := wide{0, b.hi, b.lo}
			borrow := uint64(0)
			if w[2] < a.lo {
				borrow = 1
			}
			return hashKey{hi: w[1] - a.hi - borrow, lo: w[2] - a.lo}
		}
		left, right := width(r.start, at.sub(1)), width(at, r.end)
		if left != right && left != right.add(1) {
			t.Fatalf("middle of %v makes halves of %v and %v", r, left, right)
		}
	})
}
