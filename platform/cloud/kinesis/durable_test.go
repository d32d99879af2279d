package kinesis

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/platform/cloud/store"
	"github.com/weirstream/weir/platform/cloud/store/storetest"
)

// life is one process's service over a disk.
type life struct {
	bench
	end func()
}

func begin(t *testing.T, disk *storetest.Disk, memory int64) life {
	t.Helper()
	s, err := New(Config{QuotasOff: true, MemoryMax: memory, Data: disk.Data()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	return life{bench{t, s}, func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	}}
}

// TestStreamsOutliveTheProcess performs operations at random, ends the process
// now and then, cleanly or by taking the power away, and finds everything that
// callers can see as it was before.
func TestStreamsOutliveTheProcess(t *testing.T) {
	t.Parallel()
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				random := rand.New(rand.NewPCG(seed, 1))
				disk := storetest.New(t)
				b := begin(t, disk, 64<<10)
				for range 6 {
					for range 25 {
						b.someOperation(random)
					}
					b.settle()
					time.Sleep(time.Second) // of the bubble: every transition is over
					synctest.Wait()
					before := b.everything()
					disk.Wait()
					b.end()
					if random.IntN(2) == 0 {
						disk.Crash(random)
					} else {
						disk.Reopen()
					}
					b = begin(t, disk, 64<<10)
					if after := b.everything(); after != before {
						t.Fatalf("before:\n%s\nafter:\n%s", before, after)
					}
				}
				b.end()
				disk.Close()
			})
		})
	}
}

// someOperation is one of those that change something, on one of three
// streams; that many are refused is part of the test.
func (b bench) someOperation(random *rand.Rand) {
	b.Helper()
	name := string(rune('a' + random.IntN(3)))
	ref := named(name)
	ignore := func(_ any, err error) {
		if strings.Contains(code(err), "InternalFailure") || err != nil && code(err) == err.Error() {
			b.Fatal(err)
		}
	}
	shard := shardID(uint32(random.IntN(6)))
	switch random.IntN(16) {
	case 0:
		shards := 1 + random.IntN(3)
		ignore(call[any](b, "CreateStream", &CreateStreamInput{StreamName: &name, ShardCount: &shards, Tags: map[string]string{"made": name}}))
		b.settle()
	case 1:
		if random.IntN(4) == 0 {
			ignore(call[any](b, "DeleteStream", &DeleteStreamInput{StreamRef: ref, EnforceConsumerDeletion: ptr(true)}))
		}
	case 2:
		at := hashKey{hi: random.Uint64(), lo: random.Uint64()}.String()
		ignore(call[any](b, "SplitShard", &SplitShardInput{StreamRef: ref, ShardToSplit: &shard, NewStartingHashKey: &at}))
	case 3:
		other := shardID(uint32(random.IntN(6)))
		ignore(call[any](b, "MergeShards", &MergeShardsInput{StreamRef: ref, ShardToMerge: &shard, AdjacentShardToMerge: &other}))
	case 4:
		target := 1 + random.IntN(4)
		ignore(call[*UpdateShardCountOutput](b, "UpdateShardCount", &UpdateShardCountInput{StreamRef: ref, TargetShardCount: &target, ScalingType: ptr("UNIFORM_SCALING")}))
	case 5:
		hours := 24 + random.IntN(48)
		ignore(call[any](b, "IncreaseStreamRetentionPeriod", &RetentionInput{StreamRef: ref, RetentionPeriodHours: &hours}))
	case 6:
		in := &EncryptionInput{StreamRef: ref, EncryptionType: ptr(encryptionKMS), KeyID: ptr("alias/aws/kinesis")}
		ignore(call[any](b, []string{"StartStreamEncryption", "StopStreamEncryption"}[random.IntN(2)], in))
	case 7:
		consumer := string(rune('x' + random.IntN(2)))
		ignore(call[*RegisterStreamConsumerOutput](b, "RegisterStreamConsumer", &RegisterStreamConsumerInput{StreamARN: ptr(b.streamARN(name)), ConsumerName: &consumer}))
	case 8:
		consumer := string(rune('x' + random.IntN(2)))
		ignore(call[any](b, "DeregisterStreamConsumer", &DeregisterStreamConsumerInput{ConsumerRef{StreamARN: ptr(b.streamARN(name)), ConsumerName: &consumer}}))
	case 9:
		ignore(call[any](b, "AddTagsToStream", &AddTagsToStreamInput{StreamRef: ref, Tags: map[string]string{fmt.Sprint(random.IntN(5)): "v"}}))
	case 10:
		ignore(call[any](b, "RemoveTagsFromStream", &RemoveTagsFromStreamInput{StreamRef: ref, TagKeys: []string{fmt.Sprint(random.IntN(5))}}))
	case 11:
		time.Sleep(time.Duration(random.IntN(10)) * 10 * time.Minute)
	default:
		in := &PutRecordsInput{StreamRef: ref}
		for range 1 + random.IntN(60) {
			data := make([]byte, random.IntN(2000))
			in.Records = append(in.Records, PutRecordsEntry{PartitionKey: ptr(fmt.Sprint(random.IntN(1000))), Data: data})
		}
		ignore(call[*PutRecordsOutput](b, "PutRecords", in))
	}
}

// everything is all that callers can see of the streams and their records.
func (b bench) everything() string {
	b.Helper()
	var text strings.Builder
	show := func(v any) {
		line, err := json.Marshal(v)
		b.must(err)
		text.Write(append(line, '\n'))
	}
	list, err := call[*ListStreamsOutput](b, "ListStreams", &ListStreamsInput{})
	b.must(err)
	for _, name := range list.StreamNames {
		summary, err := call[*DescribeStreamSummaryOutput](b, "DescribeStreamSummary", &DescribeStreamSummaryInput{named(name)})
		b.must(err)
		show(summary)
		shards, err := call[*ListShardsOutput](b, "ListShards", &ListShardsInput{StreamRef: named(name)})
		b.must(err)
		show(shards)
		consumers, err := call[*ListStreamConsumersOutput](b, "ListStreamConsumers", &ListStreamConsumersInput{StreamARN: ptr(b.streamARN(name))})
		b.must(err)
		show(consumers)
		tags, err := call[*ListTagsForStreamOutput](b, "ListTagsForStream", &ListTagsForStreamInput{StreamRef: named(name)})
		b.must(err)
		show(tags)
		for _, sh := range shards.Shards {
			from := Position{Type: trimHorizon}
			for {
				batch, err := b.ReadShard(b.Context(), b.streamARN(name), sh.ShardID, from, 1000)
				b.must(err)
				for _, r := range batch.Records {
					fmt.Fprintln(&text, r.SequenceNumber, r.PartitionKey, len(r.Data), r.Arrival)
				}
				if batch.MillisBehindLatest == 0 {
					break
				}
				from = batch.Next
			}
		}
	}
	return text.String()
}

// TestChangesUnderWaySurvive ends the process in the midst of transitions: they
// complete in the next.
func TestChangesUnderWaySurvive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		disk := storetest.New(t)
		b := begin(t, disk, 0)
		b.stream("split", 1)
		b.stream("scaled", 1)
		b.stream("doomed", 1)
		shards := 2
		_, err := call[any](b.bench, "CreateStream", &CreateStreamInput{StreamName: ptr("new"), ShardCount: &shards})
		b.must(err)
		at := hashKey{hi: 1 << 63}.String()
		_, err = call[any](b.bench, "SplitShard", &SplitShardInput{StreamRef: named("split"), ShardToSplit: ptr("shardId-000000000000"), NewStartingHashKey: &at})
		b.must(err)
		target := 7
		_, err = call[*UpdateShardCountOutput](b.bench, "UpdateShardCount", &UpdateShardCountInput{StreamRef: named("scaled"), TargetShardCount: &target, ScalingType: ptr("UNIFORM_SCALING")})
		b.must(err)
		_, err = call[any](b.bench, "DeleteStream", &DeleteStreamInput{StreamRef: named("doomed")})
		b.must(err)
		b.end()
		disk.Crash(rand.New(rand.NewPCG(1, 1)))
		b = begin(t, disk, 0)
		time.Sleep(time.Minute) // of the bubble
		for name, open := range map[string]int{"new": 2, "split": 2, "scaled": 7} {
			out, err := call[*DescribeStreamSummaryOutput](b.bench, "DescribeStreamSummary", &DescribeStreamSummaryInput{named(name)})
			b.must(err)
			if d := out.StreamDescriptionSummary; d.StreamStatus != statusActive || d.OpenShardCount != open {
				t.Errorf("%s: %s with %d open shards, want %d", name, d.StreamStatus, d.OpenShardCount, open)
			}
		}
		b.want("doomed", func() error { _, err := b.put("doomed", "k", []byte("x")); return err }(), "ResourceNotFoundException")
		b.end()
		disk.Close()
	})
}

// TestIteratorsOutliveTheProcess reads on from an iterator of the process before.
func TestIteratorsOutliveTheProcess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		disk := storetest.New(t)
		b := begin(t, disk, 0)
		b.stream("s", 1)
		iterator := b.iterator("s", "shardId-000000000000", trimHorizon)
		_, err := b.put("s", "k", []byte("before"))
		b.must(err)
		b.end()
		disk.Crash(rand.New(rand.NewPCG(1, 1)))
		b = begin(t, disk, 0)
		out, err := b.get(iterator)
		b.must(err)
		if len(out.Records) != 1 || string(out.Records[0].Data) != "before" {
			t.Errorf("read %+v", out.Records)
		}
		put, err := b.put("s", "k", []byte("after"))
		b.must(err)
		if put.SequenceNumber <= out.Records[0].SequenceNumber {
			t.Errorf("%s came after %s", put.SequenceNumber, out.Records[0].SequenceNumber)
		}
		b.end()
		disk.Close()
	})
}

// TestEncryptedAtRest looks for a record's text in what lies on disk.
func TestEncryptedAtRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		secret, open := "the-secret-text", "the-open-text-"
		disk := storetest.New(t)
		b := begin(t, disk, 0)
		b.stream("s", 1)
		_, err := b.put("s", "k", []byte(open))
		b.must(err)
		_, err = call[any](b.bench, "StartStreamEncryption", &EncryptionInput{StreamRef: named("s"), EncryptionType: ptr(encryptionKMS), KeyID: ptr("alias/aws/kinesis")})
		b.must(err)
		b.settle()
		_, err = b.put("s", "k", []byte(secret))
		b.must(err)
		disk.Wait()
		found := ""
		b.must(disk.Data().ScanPrefix([]byte(runPrefix), func(_, value []byte) error {
			found += string(value)
			return nil
		}))
		if !strings.Contains(found, open) || strings.Contains(found, secret) {
			t.Errorf("the open text is there: %v; the secret one: %v", strings.Contains(found, open), strings.Contains(found, secret))
		}
		b.end()
		disk.Close()
	})
}

// FuzzRun decodes arbitrary bytes as a run of records: an error or records, never a panic.
func FuzzRun(f *testing.F) {
	keyring := store.NewKeyring()
	sp := span{base: 1, entries: []entry{{start: 0, keyLen: 1, end: 3}}, bytes: []byte("kab")}
	f.Add(encodeRun(keyring, nil, sp, ""))
	f.Add(encodeRun(keyring, nil, sp, "alias/a"))
	f.Add([]byte{0, 200, 1})
	f.Fuzz(func(t *testing.T, raw []byte) {
		run, err := decodeRun(keyring, nil, raw)
		if err == nil && len(run.entries) == 0 {
			t.Error("a run without records")
		}
	})
}

// TestRunsAreReadAsWritten: what decodes is what was encoded, from any part of a chunk.
func TestRunsAreReadAsWritten(t *testing.T) {
	t.Parallel()
	keyring := store.NewKeyring()
	rapid.Check(t, func(t *rapid.T) {
		log := newRecordLog(forgetful{})
		for i := range rapid.IntRange(1, 20).Draw(t, "records") {
			log.append(int64(i), rapid.StringN(1, 9, 256).Draw(t, "key"), rapid.SliceOfN(rapid.Byte(), 0, 50).Draw(t, "data"), false)
		}
		from := rapid.Uint64Range(1, log.next-1).Draw(t, "from")
		spans, _ := log.read(from, 1000, 1<<20, nil)
		keyID := rapid.SampledFrom([]string{"", "alias/a"}).Draw(t, "key id")
		var got content
		for _, sp := range spans {
			run, err := decodeRun(keyring, []byte("here"), encodeRun(keyring, []byte("here"), sp, keyID))
			if err != nil {
				t.Fatal(err)
			}
			got.extend(run)
		}
		want, _ := log.read(from, 1000, 1<<20, nil)
		at := 0
		for _, sp := range want {
			for _, e := range sp.entries {
				g := got.entries[at]
				at++
				if string(got.bytes[g.start:g.end]) != string(sp.bytes[e.start:e.end]) || g.keyLen != e.keyLen || g.arrivalMillis != e.arrivalMillis {
					t.Fatalf("record %d: %+v, want %+v", at, g, e)
				}
			}
		}
		if at != len(got.entries) {
			t.Fatalf("%d records, want %d", len(got.entries), at)
		}
	})
}
