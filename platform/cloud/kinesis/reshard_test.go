package kinesis

import (
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/platform/cloud/wire"
)

// TestReshardingLosesNothing puts records through random splits and merges,
// reads the shards parents first, and compares with what was acknowledged:
// every record once, every key's records in the order of their puts, and every
// key's sequence numbers rising.
func TestReshardingLosesNothing(t *testing.T) {
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
		_, err = s.createStream(t.Context(), nil, &CreateStreamInput{StreamName: ptr("s"), ShardCount: ptr(rapid.IntRange(1, 4).Draw(t, "shards"))})
		check(err)
		st, err := s.streamNamed("s")
		check(err)

		want := make(map[string][]string) // per key: the data put
		last := make(map[string]string)   // per key: the last number
		total := 0
		put := func(t *rapid.T) {
			in := &PutRecordsInput{StreamRef: named("s")}
			for range rapid.IntRange(1, 20).Draw(t, "records") {
				key := fmt.Sprint("key-", rapid.IntRange(0, 15).Draw(t, "key"))
				data := fmt.Sprint(total)
				total++
				want[key] = append(want[key], data)
				in.Records = append(in.Records, PutRecordsEntry{PartitionKey: &key, Data: []byte(data)})
			}
			out, err := s.putRecords(t.Context(), nil, in)
			check(err)
			for i, r := range out.Records {
				key := *in.Records[i].PartitionKey
				if r.SequenceNumber <= last[key] {
					t.Fatalf("key %s: number %s is not above %s", key, r.SequenceNumber, last[key])
				}
				last[key] = r.SequenceNumber
			}
		}
		settle := func() { check(justError(s.streamNamed("s"))) }
		t.Repeat(map[string]func(*rapid.T){
			"put": put,
			"split": func(t *rapid.T) {
				sh := rapid.SampledFrom(st.open).Draw(t, "shard")
				at := hashKey{
					hi: rapid.Uint64Range(sh.keys.start.hi, sh.keys.end.hi).Draw(t, "hi"),
					lo: rapid.Uint64().Draw(t, "lo"),
				}
				_, err := s.splitShard(t.Context(), nil, &SplitShardInput{StreamRef: named("s"), ShardToSplit: &sh.id, NewStartingHashKey: ptr(at.String())})
				if inside := at.compare(sh.keys.start.add(1)) > 0 && at.compare(sh.keys.end) < 0; inside != (err == nil) {
					t.Fatalf("split %v at %s: %v", sh.keys, at, err)
				}
				settle()
			},
			"merge": func(t *rapid.T) {
				if len(st.open) < 2 {
					t.Skip("one shard")
				}
				i := rapid.IntRange(0, len(st.open)-2).Draw(t, "pair")
				a, b := st.open[i], st.open[i+1]
				merge := func(a, b *shard) error {
					return justError(s.mergeShards(t.Context(), nil, &MergeShardsInput{StreamRef: named("s"), ShardToMerge: &a.id, AdjacentShardToMerge: &b.id}))
				}
				var refused *wire.Error
				if err := merge(b, a); !errors.As(err, &refused) || refused.Code != codeInvalidArgument {
					t.Fatalf("the upper shard first: %v", err)
				}
				check(merge(a, b))
				settle()
			},
			"": func(t *rapid.T) { checkPartition(t, st.open) },
		})
		checkDelivery(t, s, want)
	})
}

func justError[T any](_ T, err error) error { return err }

// checkPartition checks that the open shards cover the hash space exactly once.
func checkPartition(t *rapid.T, open []*shard) {
	next := hashKey{}
	for i, sh := range open {
		if sh.keys.start != next || sh.keys.end.compare(sh.keys.start) < 0 {
			t.Fatalf("open shard %d is %v, want it to start at %s", i, sh.keys, next)
		}
		next = sh.keys.end.add(1)
	}
	if next != (hashKey{}) {
		t.Fatalf("the open shards end before %s", next)
	}
}

// checkDelivery reads every shard after its parents, finding children by what
// GetRecords says at a shard's end, as consumers do.
func checkDelivery(t *rapid.T, s *Service, want map[string][]string) {
	got := make(map[string][]string)
	done := make(map[string]bool)
	out, err := s.listShards(t.Context(), &wire.Call{}, &ListShardsInput{StreamRef: named("s")})
	if err != nil {
		t.Fatal(err)
	}
	var ready []string
	for _, sh := range out.Shards {
		if sh.ParentShardID == "" {
			ready = append(ready, sh.ShardID)
		}
	}
	for len(ready) > 0 {
		id := ready[0]
		ready = ready[1:]
		if done[id] {
			continue
		}
		done[id] = true
		for _, child := range readToEnd(t, s, id, got) {
			parents := 0
			for _, parent := range child.ParentShards {
				if done[parent] {
					parents++
				}
			}
			if parents == len(child.ParentShards) {
				ready = append(ready, child.ShardID)
			}
		}
	}
	if len(done) != len(out.Shards) {
		t.Fatalf("children led to %d of %d shards", len(done), len(out.Shards))
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Fatalf("read %v\nwant %v", got, want)
	}
}

func readToEnd(t *rapid.T, s *Service, id string, got map[string][]string) []ChildShard {
	it, err := s.getShardIterator(t.Context(), nil, &GetShardIteratorInput{StreamRef: named("s"), ShardID: &id, ShardIteratorType: ptr(trimHorizon)})
	if err != nil {
		t.Fatal(err)
	}
	next := &it.ShardIterator
	for {
		out, err := s.getRecords(t.Context(), nil, &GetRecordsInput{ShardIterator: next, Limit: ptr(rapid.IntRange(1, 30).Draw(t, "limit"))})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range out.Records {
			got[r.PartitionKey] = append(got[r.PartitionKey], string(r.Data))
		}
		if out.NextShardIterator == nil {
			return out.ChildShards
		}
		if out.MillisBehindLatest == 0 {
			return nil
		}
		next = out.NextShardIterator
	}
}
