package kinesis

import (
	"context"
	"crypto/md5"
	"fmt"
	"sync"

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

	mu     sync.Mutex
	calls  [][]string // data of each call's entries
	stored []string   // key + "/" + data in the order stored
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
		shard := md5.Sum([]byte(*r.PartitionKey))
		out.Records = append(out.Records, types.PutRecordsResultEntry{
			ShardId:        aws.String(fmt.Sprintf("shardId-%012d", shard[0]>>6)),
			SequenceNumber: aws.String(fmt.Sprint(len(f.stored))),
		})
	}
	return out
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
