package kinesis_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/cloud"
	"github.com/weirstream/weir/platform/cloud/cloudtest"
	"github.com/weirstream/weir/platform/cloud/wire"
	"github.com/weirstream/weir/platform/kinesis"
)

// TestLostRepliesDuplicateButLoseNothing is at-least-once in one picture: a
// call that happened without an answer is made again, by producer and consumer.
func TestLostRepliesDuplicateButLoseNothing(t *testing.T) {
	t.Parallel()
	const records, keys = 600, 10
	var calls, dropped atomic.Int64
	drop := func(ctx context.Context, call *wire.Call, in any, next wire.Next) (any, error) {
		out, err := next(ctx, in)
		if err == nil && (call.Operation == "PutRecords" || call.Operation == "GetRecords") && calls.Add(1)%4 == 0 {
			dropped.Add(1)
			return nil, wire.ErrDropReply
		}
		return out, err
	}
	c := cloudtest.Run(t, cloud.Config{QuotasOff: true, Hooks: []wire.Hook{drop}})
	api := client(t, c, &dialer{})
	stream := newStream(t, api, 2)
	got := newTally(records)
	start(t, api, kinesis.ConsumerConfig{Stream: stream, PollInterval: 5 * time.Millisecond}, got.handle)
	p, err := kinesis.NewProducer(api, kinesis.ProducerConfig{Stream: stream, OrderPerKey: true})
	if err != nil {
		t.Fatal(err)
	}
	runUntilCleanup(t, p.Run)
	for i := range records {
		r := kinesis.Record{PartitionKey: fmt.Sprint(i % keys), Data: fmt.Appendf(nil, "%06d", i)}
		err := p.PutAsync(t.Context(), r, func(_ kinesis.Receipt, err error) {
			if err != nil {
				t.Errorf("record %d: %v", i, err)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	got.check(t, 30*time.Second)
	got.mu.Lock()
	defer got.mu.Unlock()
	if got.repeats == 0 || dropped.Load() == 0 {
		t.Errorf("%d repeats of %d dropped replies: the drops hit nothing", got.repeats, dropped.Load())
	}
}
