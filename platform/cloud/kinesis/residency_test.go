package kinesis

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"
)

// spilling is a configuration under which nearly every record goes to disk.
func spilling(t *testing.T) Config {
	return Config{QuotasOff: true, StatusDelay: -1, MemoryMax: 32 << 10, SpillDir: t.TempDir()}
}

// putMany puts count numbered records of size bytes on stream s.
func (b bench) putMany(count, size int) {
	b.Helper()
	for at := 0; at < count; {
		in := &PutRecordsInput{StreamRef: named("s")}
		for ; at < count && len(in.Records) < 100; at++ {
			data := append(make([]byte, 0, size), fmt.Sprintf("%08d", at)...)
			in.Records = append(in.Records, PutRecordsEntry{PartitionKey: ptr(fmt.Sprint(at)), Data: data[:size]})
		}
		out, err := call[*PutRecordsOutput](b, "PutRecords", in)
		if err != nil || out.FailedRecordCount > 0 {
			b.Fatalf("put: %v", err)
		}
	}
}

// readAll polls a shard from a position to its tip and returns the records' numbers.
func (b bench) readAll(shard string, from Position, limit int) []string {
	b.Helper()
	var numbers []string
	for {
		batch, err := b.ReadShard(b.Context(), b.streamARN("s"), shard, from, limit)
		if err != nil {
			b.Fatal(err)
		}
		for _, r := range batch.Records {
			numbers = append(numbers, string(r.Data[:8]))
		}
		if batch.MillisBehindLatest == 0 {
			return numbers
		}
		from = batch.Next
	}
}

// TestSpilledRecordsAreReadLikeOthers puts a hundred times what may stay in
// memory and reads it back by polling, by time and by subscription.
func TestSpilledRecordsAreReadLikeOthers(t *testing.T) {
	inBubble(t, spilling(t), func(b bench) {
		b.stream("s", 1)
		const half, size = 1000, 1500
		b.putMany(half, size)
		time.Sleep(time.Minute) // of the bubble
		middle := b.now()
		b.putMany(half, size)
		if held := b.residency.fresh.bytes.Load(); held > b.residency.max {
			b.Errorf("%d bytes of full chunks in memory, want at most %d", held, b.residency.max)
		}
		if b.streams["s"].shards[0].log.chunks[0].isResident() {
			b.Fatal("nothing was spilled: the test shows nothing")
		}
		start := Position{Type: trimHorizon}
		for _, limit := range []int{10_000, 7} {
			got := b.readAll("shardId-000000000000", start, limit)
			if len(got) != 2*half {
				b.Fatalf("limit %d: %d records back, want %d", limit, len(got), 2*half)
			}
			for i, number := range got {
				if want := fmt.Sprintf("%08d", i%half); number != want {
					b.Fatalf("limit %d: record %d is %s, want %s", limit, i, number, want)
				}
			}
		}
		if got := b.readAll("shardId-000000000000", Position{Type: atTimestamp, Timestamp: middle}, 10_000); len(got) != half {
			b.Errorf("from the second half's time: %d records, want %d", len(got), half)
		}
		st := b.streams["s"]
		sub := &subscription{st: st, sh: st.shards[0], started: b.now(), counter: 1}
		ctx, cancel := context.WithCancel(b.Context())
		sub.over, sub.cancel = context.WithCancelCause(context.Background())
		pushed := 0
		err := b.follow(ctx, nil, sub, func(d delivery) error {
			if pushed += d.records; pushed == 2*half {
				cancel()
			}
			return nil
		})
		if err != nil || pushed != 2*half {
			b.Errorf("pushed %d records, %v; want %d", pushed, err, 2*half)
		}
	})
}

// TestTrimmingFreesSpilledRecords lets retention pass: the file's room is free again.
func TestTrimmingFreesSpilledRecords(t *testing.T) {
	inBubble(t, spilling(t), func(b bench) {
		b.stream("s", 2)
		b.putMany(500, 1000)
		time.Sleep(23 * time.Hour)
		if got := b.readAll("shardId-000000000000", Position{Type: trimHorizon}, 10_000); len(got) < 200 {
			b.Errorf("%d records left before their time", len(got))
		}
		time.Sleep(2 * time.Hour)
		if got := b.readAll("shardId-000000000000", Position{Type: trimHorizon}, 10_000); len(got) != 0 {
			b.Errorf("%d records after their time", len(got))
		}
		b.putMany(500, 1000)
		_, err := call[any](b, "DeleteStream", &DeleteStreamInput{StreamRef: named("s")})
		b.want("delete", err, "")
		time.Sleep(time.Minute)
		b.residency.relieve()
		if _, err := call[*DescribeStreamOutput](b, "DescribeStream", &DescribeStreamInput{StreamRef: named("s")}); code(err) != codeNotFound {
			b.Errorf("describe: %v", err)
		}
	})
}

// TestDiskThatTakesNothing refuses puts rather than outgrow memory, keeps what
// it acknowledged, and goes on when the disk takes records again.
func TestDiskThatTakesNothing(t *testing.T) {
	dir := t.TempDir() + "/later"
	cfg := spilling(t)
	cfg.SpillDir = dir
	inBubble(t, cfg, func(b bench) {
		b.stream("s", 1)
		acknowledged := 0
		var refusal error
		for range 1000 {
			data := append([]byte(fmt.Sprintf("%08d", acknowledged)), make([]byte, 1000)...)
			_, refusal = call[*PutRecordOutput](b, "PutRecord", &PutRecordInput{StreamRef: named("s"), PartitionKey: ptr("k"), Data: data})
			if refusal != nil {
				break
			}
			acknowledged++
		}
		b.want("a put beyond every bound", refusal, "InternalFailure")
		if got := b.readAll("shardId-000000000000", Position{Type: trimHorizon}, 10_000); len(got) != acknowledged || acknowledged == 0 {
			b.Errorf("%d records readable, %d acknowledged", len(got), acknowledged)
		}
		if err := os.Mkdir(dir, 0o700); err != nil {
			b.Fatal(err)
		}
		b.putMany(10, 1000)
		if got := b.readAll("shardId-000000000000", Position{Type: trimHorizon}, 10_000); len(got) != acknowledged+10 {
			b.Errorf("%d records readable, want %d", len(got), acknowledged+10)
		}
	})
}

// TestSpillingUnderLoad writes and reads at once; the race detector watches.
func TestSpillingUnderLoad(t *testing.T) {
	t.Parallel()
	s, err := New(spilling(t))
	if err != nil {
		t.Fatal(err)
	}
	b := bench{t, s}
	_, err = call[any](b, "CreateStream", &CreateStreamInput{StreamName: ptr("s"), ShardCount: ptr(1)})
	b.must(err)
	defer s.closeSpill()
	const writers, each = 4, 1000
	var writing, reading sync.WaitGroup
	for range writers {
		writing.Go(func() { b.putMany(each, 700) })
	}
	stop := make(chan struct{})
	for range 3 {
		reading.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					b.readAll("shardId-000000000000", Position{Type: trimHorizon}, 300)
				}
			}
		})
	}
	writing.Wait()
	close(stop)
	reading.Wait()
	if got := b.readAll("shardId-000000000000", Position{Type: trimHorizon}, 10_000); len(got) != writers*each {
		t.Errorf("%d records back, want %d", len(got), writers*each)
	}
}

func FuzzDecodeContent(f *testing.F) {
	whole := content{
		entries: []entry{{arrivalMillis: 1, start: 0, keyLen: 1, end: 4}, {arrivalMillis: 2, start: 4, keyLen: 2, end: 6}},
		bytes:   []byte("kabckk"),
	}
	f.Add(whole.encode())
	f.Add([]byte{255, 255, 255, 255, 0})
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := decodeContent(raw)
		if err != nil {
			return
		}
		if !bytes.Equal(c.encode(), raw) {
			t.Errorf("decoded and encoded again: %x, want %x", c.encode(), raw)
		}
		for _, e := range c.entries {
			_ = c.bytes[e.start+e.keyLen : e.end] // must not panic
		}
	})
}
