package kinesis

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"github.com/aws/smithy-go"

	"github.com/weirstream/weir/platform/clock"
)

// receipts remembers what became of each record.
type receipts struct {
	mu     sync.Mutex
	of     map[string]Receipt
	errors map[string]error
	times  map[string]int
}

func newReceipts() *receipts {
	return &receipts{of: map[string]Receipt{}, errors: map[string]error{}, times: map[string]int{}}
}

func (r *receipts) note(data string) func(Receipt, error) {
	return func(at Receipt, err error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.of[data], r.errors[data] = at, err
		r.times[data]++
	}
}

// putAggregated puts n records of as many keys and lets the producer run to its end.
func putAggregated(t *testing.T, f *fakePuts, cfg ProducerConfig, n, bytes int) (*Producer, *receipts) {
	t.Helper()
	cfg.Stream, cfg.Aggregation.On = "s", true
	p, err := NewProducer(f, cfg)
	must(t, err)
	got := newReceipts()
	for i := range n { // before Run, so that batching does not depend on timing
		data := fmt.Sprintf("%0*d", bytes, i)
		must(t, p.PutAsync(t.Context(), Record{PartitionKey: fmt.Sprint("key-", i), Data: []byte(data)}, got.note(data)))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	must(t, p.Run(ctx))
	for data, times := range got.times {
		if times != 1 {
			t.Errorf("callback of %s ran %d times", data, times)
		}
	}
	if len(got.times) != n {
		t.Errorf("%d of %d callbacks", len(got.times), n)
	}
	return p, got
}

func TestRecordsOfAShardShareAnAggregate(t *testing.T) {
	t.Parallel()
	f := &fakePuts{}
	p, got := putAggregated(t, f, ProducerConfig{}, 200, 8)
	if len(f.calls) != 1 || len(f.puts) != 4 {
		t.Fatalf("%d calls put %d records, want one with an aggregate per shard", len(f.calls), len(f.puts))
	}
	users := f.users(t)
	if slices.Sort(users); len(slices.Compact(users)) != 200 {
		t.Errorf("%d user records stored", len(users))
	}
	byNumber := map[string]string{}
	for i, put := range f.puts {
		byNumber[fmt.Sprint(i+1)] = f.shardOf((&Record{PartitionKey: *put.PartitionKey, ExplicitHashKey: *put.ExplicitHashKey}).hash())
	}
	for i := range 200 {
		at := got.of[fmt.Sprintf("%08d", i)]
		where := hashOf(fmt.Sprint("key-", i))
		if at.ShardID != f.shardOf(where) || byNumber[at.SequenceNumber] != at.ShardID {
			t.Errorf("record %d has receipt %+v", i, at)
		}
	}
	if s := p.Stats(); s.Accepted != 200 || s.Acknowledged != 200 || s.Aggregates != 4 || s.Calls != 1 || s.Buffered != 0 {
		t.Errorf("stats %+v", s)
	}
}

func TestAggregatesKeepTheirLimits(t *testing.T) {
	t.Parallel()
	one := func() []types.Shard { return evenShards(0, 1) }
	for _, c := range []struct {
		name    string
		cfg     ProducerConfig
		n, size int
		calls   []int // stored records of each
		users   []int // of each stored record
	}{
		{"bytes", ProducerConfig{Aggregation: Aggregation{BytesMax: 1000}}, 7, 300, []int{3}, []int{3, 3, 1}},
		{"default bytes", ProducerConfig{}, 6, 20_000, []int{3}, []int{2, 2, 2}},
		{"records", ProducerConfig{Aggregation: Aggregation{RecordsMax: 3}}, 7, 3, []int{3}, []int{3, 3, 1}},
		{"too large for company", ProducerConfig{Aggregation: Aggregation{BytesMax: 64}}, 3, 100, []int{3}, []int{1, 1, 1}},
		{"the stream's record limit", ProducerConfig{RecordBytesMax: 1000}, 7, 300, []int{3}, []int{3, 3, 1}},
		{"records of a call", ProducerConfig{BatchRecordsMax: 2, Aggregation: Aggregation{RecordsMax: 2}}, 10, 3, []int{2, 2, 1}, []int{2, 2, 2, 2, 2}},
		// 150 records of 10 bytes fit into one call, but not with what their aggregates add.
		{"bytes of a call", ProducerConfig{BatchBytesMax: 2000, RecordBytesMax: 1000}, 150, 3, []int{2, 1}, []int{58, 56, 36}},
	} {
		f := &fakePuts{shards: one}
		p, _ := putAggregated(t, f, c.cfg, c.n, c.size)
		var users []int
		for _, put := range f.puts {
			inside, err := Deaggregate(ReceivedRecord{Data: put.Data})
			must(t, err)
			users = append(users, len(inside))
			if size := len(put.Data) + len(*put.PartitionKey); len(inside) > 1 && size > p.cfg.Aggregation.BytesMax+1 {
				t.Errorf("%s: an aggregate of %d bytes", c.name, size)
			}
		}
		if !slices.Equal(f.callSizes(), c.calls) || !slices.Equal(users, c.users) {
			t.Errorf("%s: calls of %v, holding %v; want %v, holding %v", c.name, f.callSizes(), users, c.calls, c.users)
		}
	}
}

func TestAloneARecordIsPlain(t *testing.T) {
	t.Parallel()
	f := &fakePuts{}
	putAggregated(t, f, ProducerConfig{}, 1, 5)
	if put := f.puts[0]; *put.PartitionKey != "key-0" || put.ExplicitHashKey != nil || string(put.Data) != "00000" {
		t.Errorf("stored %+v", put)
	}
}

func TestAnAggregateIsRefusedAndRetriedAsAWhole(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakePuts{refuse: func(call, i int, _ string) string {
			if call == 0 && i == 2 {
				return codeThroughput
			}
			return ""
		}}
		p, got := putAggregated(t, f, ProducerConfig{}, 100, 4)
		users := f.users(t)
		if slices.Sort(users); len(users) != 100 || len(slices.Compact(users)) != 100 {
			t.Errorf("%d user records stored, want each of 100 once", len(users))
		}
		if sizes := f.callSizes(); !slices.Equal(sizes, []int{4, 1}) {
			t.Errorf("calls of %v records, want the refused aggregate once more, whole", sizes)
		}
		for data, err := range got.errors {
			if err != nil {
				t.Errorf("%s: %v", data, err)
			}
		}
		if s := p.Stats(); s.Throttled == 0 || s.Throttled != s.Retried || s.Acknowledged != 100 || s.Aggregates != 4 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestPermanentRefusalFailsEveryRecordOfTheAggregate(t *testing.T) {
	t.Parallel()
	f := &fakePuts{refuse: func(_, i int, _ string) string {
		if i == 0 {
			return "KMSDisabledException"
		}
		return ""
	}}
	p, got := putAggregated(t, f, ProducerConfig{}, 100, 4)
	for i := range 100 {
		err := got.errors[fmt.Sprintf("%04d", i)]
		if first := f.shardOf(hashOf(fmt.Sprint("key-", i))) == *evenShards(0, 4)[0].ShardId; (err != nil) != first {
			t.Errorf("record %d: %v", i, err)
		}
	}
	if s := p.Stats(); s.Failed == 0 || s.Failed+s.Acknowledged != 100 {
		t.Errorf("stats %+v", s)
	}
}

// TestReshardSpreadsAnAggregateAnew begins with a map that is out of date.
func TestReshardSpreadsAnAggregateAnew(t *testing.T) {
	t.Parallel()
	closed := func(shards []types.Shard) []types.Shard {
		for i := range shards {
			shards[i].SequenceNumberRange = &types.SequenceNumberRange{EndingSequenceNumber: aws.String("9")}
		}
		return shards
	}
	for _, c := range []struct {
		name          string
		before, after []types.Shard
		list          []types.Shard // every one but the first, which shows before
		misplaced     bool
		storedAtMost  int // records, for 100 user records
	}{
		{name: "split", before: evenShards(0, 2), after: evenShards(2, 4), list: append(closed(evenShards(0, 2)), evenShards(2, 4)...), misplaced: true, storedAtMost: 2 + 4},
		{name: "merge", before: evenShards(0, 2), after: evenShards(2, 1), list: append(closed(evenShards(0, 2)), evenShards(2, 1)...), storedAtMost: 2},
		{name: "split of which the list does not know", before: evenShards(0, 2), after: evenShards(2, 4), list: evenShards(0, 2), misplaced: true, storedAtMost: 2 + 100},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := &fakePuts{shards: func() []types.Shard { return c.after }}
				f.listed = func() []types.Shard { // the first list shows what was before
					if f.lists > 1 {
						return c.list
					}
					return c.before
				}
				p, err := NewProducer(f, ProducerConfig{Stream: "s", Aggregation: Aggregation{On: true}})
				must(t, err)
				got := newReceipts()
				for i := range 100 {
					data := fmt.Sprintf("%04d", i)
					must(t, p.PutAsync(t.Context(), Record{PartitionKey: fmt.Sprint("key-", i), Data: []byte(data)}, got.note(data)))
				}
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				must(t, p.Run(ctx))
				// Readers of each shard discard what is not theirs; the rest must be there exactly once.
				seen := map[string]int{}
				for _, put := range f.puts {
					id := f.shardOf((&Record{PartitionKey: *put.PartitionKey, ExplicitHashKey: aws.ToString(put.ExplicitHashKey)}).hash())
					at := slices.IndexFunc(c.after, func(s types.Shard) bool { return *s.ShardId == id })
					users, _ := deaggregate(nil, ReceivedRecord{Data: put.Data}, hashesOf(c.after[at].HashKeyRange), nil)
					for _, u := range users {
						seen[string(u.Data)]++
					}
				}
				for i := range 100 {
					data := fmt.Sprintf("%04d", i)
					if seen[data] != 1 || got.errors[data] != nil || got.of[data].ShardID != f.shardOf(hashOf(fmt.Sprint("key-", i))) {
						t.Errorf("record %s read %d times, receipt %+v, %v", data, seen[data], got.of[data], got.errors[data])
					}
				}
				if s := p.Stats(); (s.Misplaced > 0) != c.misplaced || len(f.puts) > c.storedAtMost || s.Acknowledged != 100 {
					t.Errorf("%d stored records, at most %d expected; stats %+v", len(f.puts), c.storedAtMost, s)
				}
			})
		})
	}
}

func TestWithoutAMapRecordsGoAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakePuts{}
		f.list = func() error {
			if f.lists == 1 {
				return errors.New("connection reset")
			}
			return nil
		}
		p, stop := run(t, f, ProducerConfig{Aggregation: Aggregation{On: true}})
		for range 3 {
			for i := range 100 {
				must(t, p.PutAsync(t.Context(), Record{PartitionKey: fmt.Sprint(i), Data: []byte("x")}, func(Receipt, error) {}))
			}
			wait(t, 600*time.Millisecond)
		}
		stop()
		if sizes := f.callSizes(); !slices.Equal(sizes, []int{100, 100, 4}) || f.lists != 2 {
			t.Errorf("calls of %v records after %d lists", sizes, f.lists)
		}
	})
}

func TestAggregationNeedsListShards(t *testing.T) {
	t.Parallel()
	f := &fakePuts{list: func() error { return &smithy.GenericAPIError{Code: "AccessDeniedException", Message: "not authorized"} }}
	p, got := putAggregated(t, f, ProducerConfig{}, 700, 4)
	for data, err := range got.errors {
		if errorCode(err) != "AccessDeniedException" {
			t.Fatalf("%s: %v", data, err)
		}
	}
	if s := p.Stats(); s.Failed != 700 || len(f.puts) != 0 {
		t.Errorf("%d stored, stats %+v", len(f.puts), s)
	}
}

func TestAggregationWaitsForCompany(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakePuts{before: pause(time.Millisecond), shards: func() []types.Shard { return evenShards(0, 1) }}
		p, stop := run(t, f, ProducerConfig{Aggregation: Aggregation{On: true}})
		start := clock.Wall{}.Now()
		for range 5 {
			must(t, p.PutAsync(t.Context(), Record{PartitionKey: "k", Data: []byte("x")}, func(Receipt, error) {}))
			wait(t, 10*time.Millisecond)
		}
		_, err := p.Put(t.Context(), Record{PartitionKey: "k", Data: []byte("x")})
		must(t, err)
		if took := (clock.Wall{}).Now().Sub(start); took != 101*time.Millisecond || len(f.puts) != 1 {
			t.Errorf("%d stored records after %v, want one after 100ms and the call", len(f.puts), took)
		}
		stop()
	})
}

func TestBackPressureCountsUserRecords(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakePuts{before: pause(time.Second), shards: func() []types.Shard { return evenShards(0, 1) }}
		p, stop := run(t, f, ProducerConfig{Aggregation: Aggregation{On: true}, BufferRecordsMax: 600, InFlightMax: 1, LingerMax: time.Hour})
		start := clock.Wall{}.Now()
		for range 601 { // the last fits when the first call is back, which a full buffer starts without lingering
			must(t, p.PutAsync(t.Context(), Record{PartitionKey: "k", Data: []byte("x")}, func(Receipt, error) {}))
		}
		if took := (clock.Wall{}).Now().Sub(start); took != time.Second || len(f.puts) != 1 {
			t.Errorf("%d stored records after %v", len(f.puts), took)
		}
		stop()
	})
}

// TestFullBufferDoesNotLinger fills a buffer that is smaller than a call.
func TestFullBufferDoesNotLinger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakePuts{shards: func() []types.Shard { return evenShards(0, 1) }}
		p, stop := run(t, f, ProducerConfig{Aggregation: Aggregation{On: true}, BufferRecordsMax: 10, LingerMax: time.Hour})
		for range 11 {
			must(t, p.PutAsync(t.Context(), Record{PartitionKey: "k", Data: []byte("x")}, func(Receipt, error) {}))
		}
		if len(f.puts) != 1 {
			t.Errorf("%d stored records", len(f.puts))
		}
		stop()
	})
}

func TestAggregationKeepsOrderPerKeyWhenAsked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakePuts{refuse: func(call, i int, _ string) string {
			if (call+i)%3 == 0 {
				return codeThroughput
			}
			return ""
		}}
		p, stop := run(t, f, ProducerConfig{Aggregation: Aggregation{On: true}, OrderPerKey: true, Seed: 1})
		for i := range 300 {
			must(t, p.PutAsync(t.Context(), Record{PartitionKey: fmt.Sprint(i % 30), Data: fmt.Appendf(nil, "%04d", i)}, func(_ Receipt, err error) {
				if err != nil {
					t.Error(err)
				}
			}))
		}
		stop()
		last := map[string]string{}
		for _, user := range f.users(t) {
			var key, data string
			for i := range user {
				if user[i] == '/' {
					key, data = user[:i], user[i+1:]
				}
			}
			if data <= last[key] {
				t.Errorf("key %s: %s after %s", key, data, last[key])
			}
			last[key] = data
		}
		if len(last) != 30 || p.Stats().Aggregates == 0 {
			t.Errorf("%d keys, stats %+v", len(last), p.Stats())
		}
	})
}

func TestAggregationConfig(t *testing.T) {
	t.Parallel()
	for _, bad := range []Aggregation{{BytesMax: 63}, {BytesMax: 1<<20 + 1}, {RecordsMax: -1}} {
		if _, err := NewProducer(&fakePuts{}, ProducerConfig{Stream: "s", Aggregation: bad}); err == nil {
			t.Errorf("%+v accepted", bad)
		}
	}
}
