package kinesis

import (
	"context"
	"fmt"
	"math/bits"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// fakePuts is a PutRecords endpoint in memory. before decides the fate of a
// whole call, refuse that of one entry ("" accepts it).
type fakePuts struct {
	before func(ctx context.Context, n int) error
	after  func(ctx context.Context, n int) error // the call happened, the reply is lost
	refuse func(call, i int, data string) string
	shards func() []types.Shard // nil: four, which divide the key space evenly
	list   func() error         // the fate of ListShards
	listed func() []types.Shard // its answer; nil: the same as shards

	mu     sync.Mutex
	calls  [][]string // data of each call's entries
	stored []string   // key + "/" + data in the order stored
	puts   []types.PutRecordsRequestEntry
	lists  int
	active int
	peak   int
}

func (f *fakePuts) PutRecords(ctx context.Context, in *kinesis.PutRecordsInput, _ ...func(*kinesis.Options)) (*kinesis.PutRecordsOutput, error) {
	f.mu.Lock()
	call := len(f.calls)
	var datas []string
	for _, r := range in.Records {
		datas = append(datas, string(r.Data))
	}
	f.calls = append(f.calls, datas)
	f.active++
	f.peak = max(f.peak, f.active)
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.active--
		f.mu.Unlock()
	}()
	if f.before != nil {
		if err := f.before(ctx, call); err != nil {
			return nil, err
		}
	}
	out := f.store(in, call)
	if f.after != nil {
		if err := f.after(ctx, call); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (f *fakePuts) store(in *kinesis.PutRecordsInput, call int) *kinesis.PutRecordsOutput {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := &kinesis.PutRecordsOutput{FailedRecordCount: aws.Int32(0)}
	for i, r := range in.Records {
		if f.refuse != nil {
			if code := f.refuse(call, i, string(r.Data)); code != "" {
				*out.FailedRecordCount++
				out.Records = append(out.Records, types.PutRecordsResultEntry{ErrorCode: &code, ErrorMessage: aws.String("refused")})
				continue
			}
		}
		f.stored = append(f.stored, *r.PartitionKey+"/"+string(r.Data))
		f.puts = append(f.puts, r)
		put := Record{PartitionKey: *r.PartitionKey, ExplicitHashKey: aws.ToString(r.ExplicitHashKey)}
		out.Records = append(out.Records, types.PutRecordsResultEntry{
			ShardId:        aws.String(f.shardOf(put.hash())),
			SequenceNumber: aws.String(fmt.Sprint(len(f.stored))),
		})
	}
	return out
}

// shardOf is where a record lands.
func (f *fakePuts) shardOf(where hashKey) string {
	for _, s := range f.openShards() {
		if hashesOf(s.HashKeyRange).contains(where) {
			return *s.ShardId
		}
	}
	panic("no shard for " + where.String())
}

func (f *fakePuts) openShards() []types.Shard {
	if f.shards != nil {
		return f.shards()
	}
	return evenShards(0, 4)
}

// evenShards divide the key space evenly; n is a power of two.
func evenShards(firstID, n int) (shards []types.Shard) {
	step := uint64(1) << (64 - bits.Len(uint(n-1)))
	for i := range n {
		from := hashKey{hi: step * uint64(i)}
		to := hashKey{hi: from.hi + step - 1, lo: lastHashKey().lo}
		shards = append(shards, types.Shard{
			ShardId:      aws.String(fmt.Sprintf("shardId-%012d", firstID+i)),
			HashKeyRange: &types.HashKeyRange{StartingHashKey: aws.String(from.String()), EndingHashKey: aws.String(to.String())},
		})
	}
	return shards
}

func (f *fakePuts) ListShards(context.Context, *kinesis.ListShardsInput, ...func(*kinesis.Options)) (*kinesis.ListShardsOutput, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lists++
	if f.list != nil {
		if err := f.list(); err != nil {
			return nil, err
		}
	}
	if f.listed != nil {
		return &kinesis.ListShardsOutput{Shards: f.listed()}, nil
	}
	return &kinesis.ListShardsOutput{Shards: f.openShards()}, nil
}

// users are the user records stored so far, as key + "/" + data.
func (f *fakePuts) users(t *testing.T) (users []string) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.puts {
		inside, err := Deaggregate(ReceivedRecord{PartitionKey: *r.PartitionKey, Data: r.Data})
		if err != nil {
			t.Error(err)
		}
		for _, u := range inside {
			users = append(users, u.PartitionKey+"/"+string(u.Data))
		}
	}
	return users
}

func (f *fakePuts) callSizes() []int {
	f.mu.Lock()
	defer f.mu.Unlock()
	var sizes []int
	for _, c := range f.calls {
		sizes = append(sizes, len(c))
	}
	return sizes
}
