package kinesis

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir/platform/cloud/store/storetest"
)

// TestDeletedStreamsLeaveNothing deletes streams that hold full chunks, read
// back ones and a trimmed part, and looks at what the disk still has.
func TestDeletedStreamsLeaveNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		disk := storetest.New(t)
		b := begin(t, disk, 64<<10)
		names := []string{"a", "b"}
		for i, name := range names {
			b.stream(name, 2)
			for range 40 {
				_, err := b.put(name, string(rune('k'+i)), bytes.Repeat([]byte("x"), 10<<10))
				b.must(err)
			}
		}
		time.Sleep(23 * time.Hour) // of the bubble
		_, err := b.put("a", "k", []byte("young"))
		b.must(err)
		time.Sleep(2 * time.Hour) // the first records of a are past retention
		_, err = b.get(b.iterator("a", "shardId-000000000000", trimHorizon))
		b.must(err)
		for _, name := range names {
			_, err := call[any](b.bench, "DeleteStream", &DeleteStreamInput{StreamRef: named(name)})
			b.must(err)
		}
		b.settle()
		disk.Wait()
		b.end()
		disk.Crash(rand.New(rand.NewPCG(1, 1)))
		onDisk(t, disk, birthsName)
		disk.Close()
	})
}

// TestExpiredShardsLeaveNothing splits a shard and lets its records, and with
// them the shard itself, go past retention.
func TestExpiredShardsLeaveNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		disk := storetest.New(t)
		b := begin(t, disk, 0)
		b.stream("s", 1)
		_, err := b.put("s", "k", []byte("old"))
		b.must(err)
		at := hashKey{hi: 1 << 63}.String()
		_, err = call[any](b.bench, "SplitShard", &SplitShardInput{StreamRef: named("s"), ShardToSplit: ptr("shardId-000000000000"), NewStartingHashKey: &at})
		b.must(err)
		time.Sleep(retentionDefault + time.Minute) // of the bubble
		disk.Wait()
		b.end()
		onDisk(t, disk, birthsName, string(streamKey(streamPrefix, 1)))
		disk.Close()
	})
}

// onDisk checks the keys of this service on disk.
func onDisk(t *testing.T, disk *storetest.Disk, want ...string) {
	t.Helper()
	var got []string
	err := disk.Data().ScanPrefix([]byte("kinesis/"), func(key, _ []byte) error {
		got = append(got, string(key))
		return nil
	})
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("on disk: %q, %v, want %q", got, err, want)
	}
}
