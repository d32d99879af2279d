package kinesis

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/weirstream/weir/platform/cloud/store"
)

// BenchmarkKept puts calls of 500 records from four callers, each of which waits
// until its records are on disk, beside the same in memory.
func BenchmarkKept(b *testing.B) {
	for _, size := range []int{200, 5000} {
		for _, kept := range []bool{false, true} {
			b.Run(fmt.Sprintf("%dB/kept=%v", size, kept), func(b *testing.B) { benchmarkKept(b, size, kept) })
		}
	}
}

func benchmarkKept(b *testing.B, size int, kept bool) {
	cfg := Config{QuotasOff: true, StatusDelay: -1}
	if kept {
		data, err := store.OpenData(store.DataConfig{Dir: b.TempDir()})
		if err != nil {
			b.Fatal(err)
		}
		defer data.Close()
		cfg.Data = data
	}
	s, err := New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	name, shards := "s", 4
	if _, err := s.createStream(b.Context(), nil, &CreateStreamInput{StreamName: &name, ShardCount: &shards}); err != nil {
		b.Fatal(err)
	}
	in := &PutRecordsInput{StreamRef: StreamRef{StreamName: &name}}
	for i := range 500 {
		in.Records = append(in.Records, PutRecordsEntry{PartitionKey: ptr(fmt.Sprint("key-", i)), Data: bytes.Repeat([]byte("x"), size)})
	}
	b.SetBytes(int64(500 * size))
	b.ResetTimer()
	work := make(chan struct{})
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for range work {
				if _, err := s.putRecords(context.Background(), nil, in); err != nil {
					b.Error(err)
				}
				if err := cfg.Data.Wait(context.Background()); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for range b.N {
		work <- struct{}{}
	}
	close(work)
	callers.Wait()
}
