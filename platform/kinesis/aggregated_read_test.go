package kinesis

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
)

// putAggregate stores one aggregate of n user records on a shard of the fake.
func (f *fakeStream) putAggregate(shard, from, n int) {
	a := newAggregate()
	for i := range n {
		r := Record{PartitionKey: fmt.Sprint("k", i%3), Data: fmt.Appendf(nil, "%05d", from+i)}
		a.add(&r, r.hash())
	}
	stored := a.stored()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sequence++
	s := f.shards[shard]
	s.records = append(s.records, types.Record{
		PartitionKey: &stored.PartitionKey, Data: stored.Data, SequenceNumber: aws.String(fmt.Sprintf("%020d", f.sequence)),
		ApproximateArrivalTimestamp: aws.Time(time.Now()),
	})
}

func numbers(from, to int) (out []string) {
	for i := from; i < to; i++ {
		out = append(out, fmt.Sprintf("%05d", i))
	}
	return out
}

func TestUserRecordsComeOneByOne(t *testing.T) {
	eachMethod(t, func(t *testing.T, cfg ConsumerConfig) {
		f := newFakeStream(1)
		f.putAggregate(0, 0, 10)
		f.put("k", "00010")
		f.putAggregate(0, 11, 5)
		var batches []Batch
		s := &sink{fail: func(b Batch) error { batches = append(batches, b); return nil }}
		c, stop := consume(t, f, cfg, s)
		wait(t, time.Minute)
		must(t, stop())
		if !slices.Equal(s.got, numbers(0, 16)) {
			t.Errorf("got %v", s.got)
		}
		r := batches[0].Records[4]
		if !r.Aggregated || r.SubSequence != 4 || r.PartitionKey != "k1" || r.SequenceNumber != *f.shards[0].records[0].SequenceNumber || r.Arrival.IsZero() {
			t.Errorf("user record 4 is %+v", r)
		}
		if plain := batches[0].Records[10]; plain.Aggregated || plain.SubSequence != 0 {
			t.Errorf("the plain record is %+v", plain)
		}
		if got := c.Stats(); got.Records != 16 || got.Dropped != 0 {
			t.Errorf("stats %+v", got)
		}
	})
}

// A consumer that is stopped between two batches of one aggregate goes on with
// the user record after the last handled one.
func TestRestartInsideAnAggregate(t *testing.T) {
	eachMethod(t, func(t *testing.T, cfg ConsumerConfig) {
		f := newFakeStream(1)
		f.put("k", "00000")
		f.putAggregate(0, 1, 10)
		f.put("k", "00011")
		saved := NewMemoryCheckpoints()
		cfg.Checkpoints, cfg.BatchRecordsMax = saved, 4
		first := &sink{}
		var sizes []int
		first.fail = func(b Batch) error {
			if sizes = append(sizes, len(b.Records)); len(sizes) > 2 {
				return errors.New("sink is down")
			}
			return nil
		}
		_, stop := consume(t, f, cfg, first)
		wait(t, time.Minute)
		must(t, stop())
		want := Checkpoint{SequenceNumber: *f.shards[0].records[1].SequenceNumber, SubSequence: 6}
		at, err := saved.Load(t.Context(), f.shards[0].id)
		if err != nil || at != want || !slices.Equal(first.got, numbers(0, 8)) {
			t.Fatalf("handled %v, checkpoint %+v, want %+v", first.got, at, want)
		}
		second := &sink{}
		_, stop = consume(t, f, cfg, second)
		wait(t, time.Minute)
		must(t, stop())
		if !slices.Equal(second.got, numbers(8, 12)) {
			t.Errorf("after the restart %v, want the rest", second.got)
		}
		third := &sink{}
		_, stop = consume(t, f, cfg, third)
		wait(t, time.Minute)
		f.put("k", "00012")
		wait(t, time.Minute)
		must(t, stop())
		if !slices.Equal(third.got, numbers(12, 13)) {
			t.Errorf("after everything was handled %v, want only what came since", third.got)
		}
	})
}

// A library of Amazon's may have left a checkpoint at an aggregate's first user record.
func TestCheckpointAtTheFirstUserRecord(t *testing.T) {
	eachMethod(t, func(t *testing.T, cfg ConsumerConfig) {
		f := newFakeStream(1)
		f.putAggregate(0, 0, 3)
		cfg.Checkpoints = NewMemoryCheckpoints()
		must(t, cfg.Checkpoints.Store(t.Context(), f.shards[0].id, Checkpoint{SequenceNumber: *f.shards[0].records[0].SequenceNumber}))
		s := &sink{}
		_, stop := consume(t, f, cfg, s)
		wait(t, time.Minute)
		must(t, stop())
		if !slices.Equal(s.got, numbers(1, 3)) {
			t.Errorf("got %v, want the second and third", s.got)
		}
	})
}

func TestDroppedAggregateIsToldAndPassed(t *testing.T) {
	eachMethod(t, func(t *testing.T, cfg ConsumerConfig) {
		f := newFakeStream(1)
		f.hashes = &types.HashKeyRange{StartingHashKey: aws.String("0"), EndingHashKey: aws.String(hashOf("k0").String())}
		f.putAggregate(0, 0, 3) // of k0, k1 and k2, of which one lies higher
		f.put("k", "00003")
		s := &sink{}
		cfg.Checkpoints = NewMemoryCheckpoints()
		c, stop := consume(t, f, cfg, s)
		wait(t, time.Minute)
		must(t, stop())
		if !slices.Equal(s.got, numbers(3, 4)) || c.Stats().Dropped != 1 {
			t.Errorf("got %v, stats %+v", s.got, c.Stats())
		}
	})
}
