package kinesis_test

import (
	"cmp"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/service/kinesis"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"

	"github.com/weirstream/weir/platform/cloud"
	"github.com/weirstream/weir/platform/cloud/cloudtest"
	"github.com/weirstream/weir/platform/kinesis"
)

// TestAggregatesThroughReshards puts aggregates while the stream is split and
// merged. Consumers discard what landed on the wrong shard, and the producer
// puts it again, so each user record is read once, in the order of its key.
func TestAggregatesThroughReshards(t *testing.T) {
	t.Parallel()
	for name, consumer := range map[string]string{"polling": "", "fan-out": "app"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const n = 6000
			c := cloudtest.Run(t, cloud.Config{})
			api := client(t, c, &dialer{})
			stream := newStream(t, api, 2)
			got := newTally(n)
			reader, err := kinesis.NewConsumer(api, kinesis.ConsumerConfig{
				Stream: stream, ConsumerName: consumer, PollInterval: 200 * time.Millisecond, Checkpoints: kinesis.NewMemoryCheckpoints(),
			}, got.handle)
			if err != nil {
				t.Fatal(err)
			}
			runUntilCleanup(t, reader.Run)
			p, err := kinesis.NewProducer(api, kinesis.ProducerConfig{
				Stream: stream, Aggregation: kinesis.Aggregation{On: true, RecordsMax: 50}, LingerMax: 5 * time.Millisecond, OrderPerKey: true,
			})
			if err != nil {
				t.Fatal(err)
			}
			runUntilCleanup(t, p.Run)
			var failed atomic.Int64
			for i := range n {
				switch i {
				case n / 4:
					split(t, api, stream, openShards(t, api, stream)[0])
				case n / 2:
					open := openShards(t, api, stream)
					merge(t, api, stream, open[1], open[2])
				}
				err := p.PutAsync(t.Context(), kinesis.Record{PartitionKey: fmt.Sprint("key-", i%300), Data: fmt.Appendf(nil, "%06d", i)}, func(_ kinesis.Receipt, err error) {
					if err != nil {
						failed.Add(1)
					}
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			got.check(t, 30*time.Second)
			if s := p.Stats(); failed.Load() > 0 || s.Aggregates == 0 {
				t.Errorf("%d failed, stats %+v", failed.Load(), s)
			}
			if got.repeats > 0 {
				t.Errorf("%d records read again", got.repeats)
			}
			if dropped, misplaced := reader.Stats().Dropped, p.Stats().Misplaced; dropped != misplaced || dropped == 0 {
				t.Errorf("the consumer dropped %d aggregates, the producer put %d again", dropped, misplaced)
			}
		})
	}
}

// openShards are the stream's open shards in the order of the key space.
func openShards(t *testing.T, api *sdk.Client, stream string) (ids []string) {
	t.Helper()
	out, err := api.ListShards(t.Context(), &sdk.ListShardsInput{StreamName: &stream})
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(out.Shards, func(a, b types.Shard) int {
		from, to := *a.HashKeyRange.StartingHashKey, *b.HashKeyRange.StartingHashKey
		return cmp.Or(cmp.Compare(len(from), len(to)), cmp.Compare(from, to))
	})
	for _, s := range out.Shards {
		if s.SequenceNumberRange.EndingSequenceNumber == nil {
			ids = append(ids, *s.ShardId)
		}
	}
	return ids
}
