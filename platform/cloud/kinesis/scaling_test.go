package kinesis

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func (b bench) scale(stream string, target int) error {
	_, err := call[*UpdateShardCountOutput](b, "UpdateShardCount", &UpdateShardCountInput{
		StreamRef: named(stream), TargetShardCount: &target, ScalingType: ptr("UNIFORM_SCALING"),
	})
	return err
}

// shards renders a stream's shards as "id<parents", closed ones in parentheses.
func (b bench) shards(stream string) string {
	out, err := call[*ListShardsOutput](b, "ListShards", &ListShardsInput{StreamRef: named(stream)})
	b.must(err)
	var list []string
	short := func(id string) string { return strings.TrimLeft(strings.TrimPrefix(id, "shardId-"), "0") }
	for _, sh := range out.Shards {
		text := short(sh.ShardID)
		if sh.ParentShardID != "" {
			text += "<" + short(sh.ParentShardID)
		}
		if sh.AdjacentParentShardID != "" {
			text += "+" + short(sh.AdjacentParentShardID)
		}
		if sh.SequenceNumberRange.EndingSequenceNumber != "" {
			text = "(" + text + ")"
		}
		list = append(list, text)
	}
	return strings.Join(list, " ")
}

// settleAll waits for every round of a scaling.
func (b bench) settleAll() {
	for range scalingRounds + 1 {
		b.settle()
	}
}

func TestUniformScalingSteps(t *testing.T) {
	inBubble(t, Config{StatusDelay: time.Second}, func(b bench) {
		b.stream("s", 4)
		b.must(b.scale("s", 3))
		if got := b.status("s"); got != "UPDATING" {
			t.Errorf("after the call: %s", got)
		}
		b.want("scale while UPDATING", b.scale("s", 4), codeInUse)
		b.settle()
		// The first range is done, the others are not, and writes go on.
		if got, want := b.shards("s"), "() (1) 2 3 (4<1) 5<1 6<+4"; got != want {
			t.Errorf("after the first round\n got %s\nwant %s", got, want)
		}
		if _, err := b.put("s", "k", []byte("x")); err != nil || b.status("s") != "UPDATING" {
			t.Errorf("between rounds: put %v, status %s", err, b.status("s"))
		}
		b.settleAll()
		// What AWS makes of four shards: splits of the middle ones, merges outwards.
		if got, want := b.shards("s"), "() (1) (2) (3) (4<1) (5<1) 6<+4 (7<2) (8<2) 9<5+7 10<8+3"; got != want {
			t.Errorf("after the last round\n got %s\nwant %s", got, want)
		}
		if got := b.status("s"); got != "ACTIVE" {
			t.Errorf("at the end: %s", got)
		}
		b.must(b.scale("s", 6))
		b.settleAll()
		if got, want := b.shards("s"), " (10<8+3) 11<6 12<6 13<9 14<9 15<10 16<10"; !strings.HasSuffix(got, want) {
			t.Errorf("doubling did more than split: %s", got)
		}
	})
}

func TestScalingLimits(t *testing.T) {
	inBubble(t, Config{}, func(b bench) {
		b.stream("s", 4)
		b.want("more than double", b.scale("s", 9), codeInvalidArgument)
		b.want("less than half", b.scale("s", 1), codeInvalidArgument)
		b.want("the same", b.scale("s", 4), codeInvalidArgument)
		b.want("no stream", b.scale("none", 4), codeNotFound)
		time.Sleep(time.Second)
		for i := range scalingsMax {
			b.must(b.scale("s", 4+(i+1)%2))
			time.Sleep(time.Hour)
		}
		b.want("eleventh within 24 h", b.scale("s", 5), codeLimit)
		time.Sleep(13*time.Hour + 59*time.Minute)
		b.want("a minute before the first one is 24 h ago", b.scale("s", 5), codeLimit)
		time.Sleep(time.Minute)
		b.must(b.scale("s", 5))
	})
	t.Run("quota", func(t *testing.T) {
		inBubble(t, Config{Region: "eu-north-1"}, func(b bench) {
			b.stream("a", 600)
			b.stream("b", 200)
			b.want("over the account's 1,000 shards", b.scale("b", 400+1), codeInvalidArgument)
			b.must(b.scale("b", 400))
			b.settleAll()
			err := b.scale("a", 601)
			b.want("over the account's 1,000 shards", err, codeLimit)
			if want := "Current shard count for the account: 1000. Limit: 1000. Number of additional shards that would have resulted from this request: 1."; !strings.Contains(fmt.Sprint(err), want) {
				t.Errorf("%v does not say %q", err, want)
			}
			b.must(b.scale("a", 500))
		})
	})
}

// TestScalingIsUniform scales streams that were split anywhere to random
// counts: the open shards then are as many, cover all keys once and are of equal
// size but for rounding, and every reader gets from parents to children.
func TestScalingIsUniform(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, err := New(Config{QuotasOff: true, StatusDelay: -1})
		if err != nil {
			t.Fatal(err)
		}
		check := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		_, err = s.createStream(t.Context(), nil, &CreateStreamInput{StreamName: ptr("s"), ShardCount: ptr(rapid.IntRange(1, 9).Draw(t, "shards"))})
		check(err)
		st, err := s.streamNamed("s")
		check(err)
		want := make(map[string][]string)
		for i := range rapid.IntRange(1, 4).Draw(t, "rounds") {
			for range rapid.IntRange(0, 3).Draw(t, "splits") {
				sh := rapid.SampledFrom(st.open).Draw(t, "shard")
				at := hashKey{hi: rapid.Uint64Range(sh.keys.start.hi, sh.keys.end.hi).Draw(t, "hi"), lo: rapid.Uint64().Draw(t, "lo")}
				_, _ = s.splitShard(t.Context(), nil, &SplitShardInput{StreamRef: named("s"), ShardToSplit: &sh.id, NewStartingHashKey: ptr(at.String())})
				check(justError(s.streamNamed("s")))
			}
			key, data := fmt.Sprint("k", i%2), fmt.Sprint(i)
			want[key] = append(want[key], data)
			_, err := s.putRecord(t.Context(), nil, &PutRecordInput{StreamRef: named("s"), PartitionKey: &key, Data: []byte(data)})
			check(err)
			target := rapid.IntRange(1, 40).Draw(t, "target")
			_, err = s.updateShardCount(t.Context(), nil, &UpdateShardCountInput{StreamRef: named("s"), TargetShardCount: &target, ScalingType: ptr("UNIFORM_SCALING")})
			if code(err) == codeInvalidArgument && target == len(st.open) {
				continue
			}
			check(err)
			check(justError(s.streamNamed("s")))
			if st.status != statusActive || len(st.open) != target {
				t.Fatalf("%d open shards, %s, want %d", len(st.open), st.status, target)
			}
			checkPartition(t, st.open)
			for i, even := range evenRanges(target) {
				if got := st.open[i].keys; !got.start.near(even.start) || !got.end.near(even.end) {
					t.Fatalf("shard %d of %d is %v, want about %v", i, target, got, even)
				}
			}
		}
		checkDelivery(t, s, want)
	})
}

func TestRetentionTrimsForGood(t *testing.T) {
	inBubble(t, Config{StatusDelay: time.Second}, func(b bench) {
		b.stream("s", 1)
		change := func(operation string, hours int) {
			t.Helper()
			_, err := call[any](b, operation, &RetentionInput{StreamRef: named("s"), RetentionPeriodHours: &hours})
			b.must(err)
			if got := b.status("s"); got != "UPDATING" {
				t.Errorf("after %s: %s", operation, got)
			}
			b.settle()
		}
		read := func() (list []string) {
			out, err := b.get(b.iterator("s", "shardId-0", trimHorizon))
			b.must(err)
			for _, r := range out.Records {
				list = append(list, string(r.Data))
			}
			return list
		}
		change("IncreaseStreamRetentionPeriod", 48)
		for _, text := range []string{"first", "second", "third"} {
			_, err := b.put("s", "k", []byte(text))
			b.must(err)
			time.Sleep(20 * time.Hour)
		}
		if got := read(); !slices.Equal(got, []string{"second", "third"}) {
			t.Errorf("after 60 h of 48: %q", got)
		}
		change("DecreaseStreamRetentionPeriod", 24)
		if got := read(); !slices.Equal(got, []string{"third"}) {
			t.Errorf("after the decrease to 24: %q", got)
		}
		change("IncreaseStreamRetentionPeriod", 72)
		if got := read(); !slices.Equal(got, []string{"third"}) {
			t.Errorf("an increase revived records: %q", got)
		}
		time.Sleep(48 * time.Hour)
		if got := read(); !slices.Equal(got, []string{"third"}) {
			t.Errorf("after 68 h of 72: %q", got)
		}
	})
}
