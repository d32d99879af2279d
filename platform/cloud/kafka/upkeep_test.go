package kafka

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

var compacted = map[string]*string{"cleanup.policy": kadm.StringPtr("compact")}

func TestRetentionAndCompactionAreApplied(t *testing.T) {
	t.Parallel()
	_, seeds, _ := run(t, Config{UpkeepEvery: 20 * time.Millisecond})
	client := dial(t, seeds)
	admin := kadm.NewClient(client)
	makeTopic(t, client, "state", 1, compacted)
	makeTopic(t, client, "short", 1, map[string]*string{"retention.ms": kadm.StringPtr("200")})
	makeTopic(t, client, "long", 1, nil)
	for _, topic := range []string{"state", "short", "long"} {
		produce(t, client, topic, 0, 30) // of three keys
	}
	until(t, "retention takes the short topic", func() bool {
		starts, err := admin.ListStartOffsets(t.Context(), "short")
		at, _ := starts.Lookup("short", 0)
		return err == nil && at.Offset == 30
	})
	until(t, "compaction leaves three keys and the last batch", func() bool {
		return len(collectAll(t, seeds, "state")) <= 4
	})
	if got := collectAll(t, seeds, "state"); !slices.Contains(got, "v27") || !slices.Contains(got, "v28") || !slices.Contains(got, "v29") {
		t.Errorf("compacted to %v", got)
	}
	if got := collectAll(t, seeds, "long"); len(got) != 30 {
		t.Errorf("the topic that keeps everything has %d records", len(got))
	}
}

// What a transaction put off is compacted by the regular upkeep once it is over.
func TestCompactionComesAfterTransactions(t *testing.T) {
	t.Parallel()
	s, seeds, _ := run(t, Config{UpkeepEvery: 20 * time.Millisecond})
	client := dial(t, seeds)
	makeTopic(t, client, "state", 1, compacted)
	send := func(client *kgo.Client, value string) {
		t.Helper()
		if err := client.ProduceSync(t.Context(), kgo.KeyStringRecord("k", value), kgo.KeyStringRecord("filler", value)).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	plain := dial(t, seeds, kgo.DefaultProduceTopic("state"))
	send(plain, "committed")
	txn := dial(t, seeds, kgo.TransactionalID("x"), kgo.DefaultProduceTopic("state"))
	if err := txn.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	send(txn, "aborted")
	send(plain, "filling")
	if err := txn.EndTransaction(t.Context(), kgo.TryAbort); err != nil {
		t.Fatal(err)
	}
	send(plain, "last")
	until(t, "compaction comes after it", func() bool {
		info := s.cluster.PartitionInfo("state", 0)
		return info.LogStartOffset > 0
	})
	got := collectAll(t, seeds, "state", kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	if slices.Contains(got, "aborted") || !slices.Contains(got, "last") {
		t.Errorf("read %v", got)
	}
}

// The single record of a key is committed, its newer one is not: while the
// transaction is open nothing may be compacted.
func TestNothingIsCompactedInATransaction(t *testing.T) {
	t.Parallel()
	s, seeds, _ := run(t, Config{})
	client := dial(t, seeds, kgo.DefaultProduceTopic("state"))
	makeTopic(t, client, "state", 1, compacted)
	if err := client.ProduceSync(t.Context(), kgo.KeyStringRecord("k", "committed")).FirstErr(); err != nil {
		t.Fatal(err)
	}
	txn := dial(t, seeds, kgo.TransactionalID("x"), kgo.DefaultProduceTopic("state"))
	if err := txn.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	for _, value := range []string{"aborted", "more"} {
		if err := txn.ProduceSync(t.Context(), kgo.KeyStringRecord("k", value)).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	moment, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := s.cluster.compact(moment); !errors.Is(err, errBusy) {
		t.Errorf("compaction in the midst of it: %v, want it put off", err)
	}
	if err := txn.EndTransaction(t.Context(), kgo.TryAbort); err != nil {
		t.Fatal(err)
	}
	if err := s.cluster.compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := collectAll(t, seeds, "state", kgo.FetchIsolationLevel(kgo.ReadCommitted())); !slices.Equal(got, []string{"committed"}) {
		t.Errorf("read %v, want what was committed", got)
	}
}

// A process that is killed while it compacts finds the old files, whatever
// became of the new ones.
func TestAKilledCompactionLosesNothing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "kafka")
	_, seeds, end := run(t, Config{Dir: dir})
	client := dial(t, seeds)
	makeTopic(t, client, "state", 2, compacted)
	makeTopic(t, client, "state-other", 1, nil)
	produce(t, client, "state", 0, 30)
	produce(t, client, "state-other", 0, 5)
	end()

	if err := shelter(dir, []string{"state"}); err != nil {
		t.Fatal(err)
	}
	segments, err := filepath.Glob(filepath.Join(dir, "partitions", "state-[01]", "*"))
	if err != nil || len(segments) < 4 {
		t.Fatalf("files %v, %v", segments, err)
	}
	for _, file := range segments { // as kfake does, and no further
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "partitions", "state-0", "7.dat"), []byte("half a segment"), 0o600); err != nil {
		t.Fatal(err)
	}

	_, seeds, end = run(t, Config{Dir: dir})
	if got := collectAll(t, seeds, "state"); len(slices.Compact(slices.Sorted(slices.Values(got)))) != 30 {
		t.Errorf("%d records: %v", len(got), got)
	}
	if got := collectAll(t, seeds, "state-other"); len(got) != 5 {
		t.Errorf("the topic that was not compacted: %v", got)
	}
	end()
	if _, err := os.Stat(filepath.Join(dir, shelterName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the old files: %v", err)
	}
}

func TestCompactionIsDurable(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "kafka")
	s, seeds, end := run(t, Config{Dir: dir})
	client := dial(t, seeds)
	makeTopic(t, client, "state", 1, compacted)
	produce(t, client, "state", 0, 30)
	if err := s.cluster.compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	produce(t, client, "state", 30, 33)
	before := collectAll(t, seeds, "state")
	end()
	_, seeds, _ = run(t, Config{Dir: dir})
	if got := collectAll(t, seeds, "state"); len(got) > 7 || !slices.Equal(got, before) {
		t.Errorf("read %v, want %v", got, before)
	}
}

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for began := time.Now(); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > patience {
			t.Fatal("in vain: ", what)
		}
	}
}

// collectAll reads a topic to its end as it is now, which may be a transaction's
// marker.
func collectAll(t *testing.T, seeds []string, topic string, options ...kgo.Opt) (got []string) {
	t.Helper()
	client := dial(t, seeds, append(options, kgo.ConsumeTopics(topic), kgo.KeepControlRecords())...)
	defer client.Close()
	ends, err := kadm.NewClient(client).ListCommittedOffsets(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	starts, err := kadm.NewClient(client).ListStartOffsets(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	left := map[int32]int64{}
	ends.Each(func(o kadm.ListedOffset) {
		if start, _ := starts.Lookup(topic, o.Partition); start.Offset < o.Offset {
			left[o.Partition] = o.Offset
		}
	})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for len(left) > 0 {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			t.Fatalf("%d records, and not the end of %v: %v", len(got), left, err)
		}
		fetches.EachRecord(func(r *kgo.Record) {
			if !r.Attrs.IsControl() {
				got = append(got, string(r.Value))
			}
			if r.Offset >= left[r.Partition]-1 {
				delete(left, r.Partition)
			}
		})
	}
	return got
}
