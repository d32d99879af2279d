package kinesis

import (
	"testing"

	"github.com/weirstream/weir/platform/cloud/internal/metering"
)

// TestShardMetricsFollowEnhancedMonitoring counts per shard what is switched on
// for shards, and nothing else.
func TestShardMetricsFollowEnhancedMonitoring(t *testing.T) {
	inBubble(t, Config{StatusDelay: -1}, func(b bench) {
		b.stream("s", 2)
		handle := func(operation string, in any) any {
			for _, op := range b.operations() {
				if op.Name == operation {
					out, _ := op.Handle(b.Context(), nil, in) // refusals are measured too
					return out
				}
			}
			b.Fatalf("no operation %s", operation)
			return nil
		}
		put := func() {
			in := &PutRecordsInput{StreamRef: named("s")}
			for range 500 {
				in.Records = append(in.Records, PutRecordsEntry{PartitionKey: ptr("one"), Data: []byte("1234567")})
			}
			handle("PutRecords", in)
		}
		shardSums := func() map[string]float64 {
			sums := map[string]float64{}
			b.DrainMetrics(func(s metering.Sample) {
				if len(s.Dimensions) == 2 && s.Dimensions[1].Name == "ShardId" {
					sums[s.Name] += s.Sum
				}
			})
			return sums
		}
		put()
		if got := shardSums(); len(got) > 0 {
			t.Errorf("without enhanced monitoring: %v", got)
		}
		handle("EnableEnhancedMonitoring", &MonitoringInput{StreamRef: named("s"), ShardLevelMetrics: []string{"IncomingBytes", "WriteProvisionedThroughputExceeded", "OutgoingRecords"}})
		b.settle()
		put()
		put() // the second half of 1,500 within a second is refused
		for _, id := range []string{"shardId-000000000000", "shardId-000000000001"} {
			handle("GetRecords", &GetRecordsInput{ShardIterator: b.iterator("s", id, trimHorizon)})
		}
		got := shardSums()
		if got["IncomingBytes"] != 500*10 || got["WriteProvisionedThroughputExceeded"] != 500 || got["OutgoingRecords"] != 1000 || len(got) != 3 {
			t.Errorf("with three metrics on: %v", got)
		}
	})
}
