package kinesis

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kinesis/types"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/weirstream/weir/platform/clock"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run starts a producer; the function returned stops it and waits.
func run(t *testing.T, api ProducerAPI, cfg ProducerConfig) (*Producer, func()) {
	t.Helper()
	cfg.Stream = "s"
	p, err := NewProducer(api, cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	return p, func() {
		t.Helper()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
}

func pause(d time.Duration) func(context.Context, int) error {
	return func(ctx context.Context, _ int) error { return clock.Wall{}.Sleep(ctx, d) }
}

func TestLoneRecordGoesOutAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, stop := run(t, &fakePuts{before: pause(time.Millisecond)}, ProducerConfig{})
		defer stop()
		start := time.Now()
		if _, err := p.Put(t.Context(), Record{PartitionKey: "k", Data: []byte("a")}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != time.Millisecond {
			t.Errorf("put took %v, want the call's 1ms and nothing else", took)
		}
	})
}

func TestOneWhoPutsRecordAfterRecordNeverWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, stop := run(t, &fakePuts{before: pause(time.Millisecond)}, ProducerConfig{LingerMax: 20 * time.Millisecond})
		defer stop()
		start := time.Now()
		for range 10 {
			if _, err := p.Put(t.Context(), Record{PartitionKey: "k", Data: []byte("a")}); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took != 10*time.Millisecond {
			t.Errorf("10 puts took %v, want the calls' 10ms and nothing else", took)
		}
	})
}

// TestRecordsWaitForCompanyAfterACrowd has calls that are answered at once.
func TestRecordsWaitForCompanyAfterACrowd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakePuts{}
		p, err := NewProducer(f, ProducerConfig{Stream: "s", LingerMax: 20 * time.Millisecond})
		must(t, err)
		put := func(n int) {
			for i := range n {
				must(t, p.PutAsync(t.Context(), Record{PartitionKey: "k", Data: fmt.Append(nil, i)}, func(Receipt, error) {}))
			}
		}
		put(2) // before Run, so that one call takes both
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- p.Run(ctx) }()
		synctest.Wait()
		for range 7 { // company until 20ms have passed, and again for what came after
			must(t, clock.Wall{}.Sleep(t.Context(), 6*time.Millisecond))
			put(1)
		}
		must(t, clock.Wall{}.Sleep(t.Context(), 20*time.Millisecond))
		put(1) // long after the last: at once, and so alone
		synctest.Wait()
		if got := f.callSizes(); !slices.Equal(got, []int{2, 3, 3, 1, 1}) {
			t.Errorf("calls of %v records, want [2 3 3 1 1]", got)
		}
		cancel()
		must(t, <-ended)
	})
}

// TestNobodyWaitsForCompanyThatHasNoRoom: whoever could come waits for room.
func TestNobodyWaitsForCompanyThatHasNoRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakePuts{}
		p, stop := run(t, f, ProducerConfig{BufferRecordsMax: 2, LingerMax: time.Hour})
		for i := range 20 {
			must(t, p.PutAsync(t.Context(), Record{PartitionKey: "k", Data: fmt.Append(nil, i)}, func(Receipt, error) {}))
		}
		stop()
		if got := p.Stats().Acknowledged; got != 20 {
			t.Errorf("%d acknowledged, want 20", got)
		}
	})
}

func TestRecordsWaitForCompanyAtMostLinger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakePuts{before: pause(time.Second)}
		p, stop := run(t, f, ProducerConfig{LingerMax: 20 * time.Millisecond})
		for i := range 4 { // 0 at once; 1, 2 and 3 within one linger
			must(t, p.PutAsync(t.Context(), Record{PartitionKey: "k", Data: fmt.Append(nil, i)}, func(Receipt, error) {}))
			synctest.Wait()
			must(t, clock.Wall{}.Sleep(t.Context(), 5*time.Millisecond))
		}
		must(t, clock.Wall{}.Sleep(t.Context(), 20*time.Millisecond))
		if got := f.callSizes(); !slices.Equal(got, []int{1, 3}) {
			t.Errorf("calls of %v records, want [1 3]", got)
		}
		stop()
	})
}

func TestBatchesKeepBothLimits(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		cfg   ProducerConfig
		bytes int
		want  []int
	}{
		{"records", ProducerConfig{BatchRecordsMax: 3}, 1, []int{3, 3, 3, 1}},
		{"bytes", ProducerConfig{BatchBytesMax: 20}, 9, []int{2, 2, 2, 2, 2}}, // 9 of data and 1 of key
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			f := &fakePuts{}
			tc.cfg.Stream = "s"
			p, err := NewProducer(f, tc.cfg)
			must(t, err)
			for range 10 { // before Run, so that batching does not depend on timing
				must(t, p.PutAsync(t.Context(), Record{PartitionKey: "k", Data: make([]byte, tc.bytes)}, func(Receipt, error) {}))
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			must(t, p.Run(ctx))
			if got := f.callSizes(); !slices.Equal(sorted(got), sorted(tc.want)) {
				t.Errorf("calls of %v records, want %v", got, tc.want)
			}
		})
	}
}

func TestOnlyRefusedEntriesAreRetried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakePuts{refuse: func(call, _ int, data string) string {
			switch {
			case call == 0 && data == "2":
				return codeThroughput
			case call <= 1 && data == "4":
				return "InternalFailure"
			}
			return ""
		}}
		p, err := NewProducer(f, ProducerConfig{Stream: "s"})
		must(t, err)
		var called [6]atomic.Int32
		for i := range 6 {
			must(t, p.PutAsync(t.Context(), Record{PartitionKey: "k", Data: fmt.Append(nil, i)}, func(r Receipt, err error) {
				called[i].Add(1)
				if err != nil || r.SequenceNumber == "" {
					t.Errorf("record %d: %+v, %v", i, r, err)
				}
			}))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		must(t, p.Run(ctx))
		for i := range called {
			if n := called[i].Load(); n != 1 {
				t.Errorf("callback %d ran %d times", i, n)
			}
		}
		want := []string{"k/0", "k/1", "k/2", "k/3", "k/4", "k/5"}
		if got := sorted(f.stored); !slices.Equal(got, want) {
			t.Errorf("stored %v, want each once", got)
		}
		if s := p.Stats(); s.Acknowledged != 6 || s.Throttled != 1 || s.Failed != 0 || s.Buffered != 0 {
			t.Errorf("stats %+v", s)
		}
	})
}

func TestErrorsEndAsTheyShould(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 300)
	for _, tc := range []struct {
		name   string
		record Record
		err    error
		want   string
		within time.Duration
	}{
		{"not found", Record{PartitionKey: "k"}, &types.ResourceNotFoundException{}, "ResourceNotFound", 0},
		{"network until expiry", Record{PartitionKey: "k"}, errors.New("connection reset"), "not acknowledged in time: given up after 2s", 2 * time.Second},
		{"throttled until expiry", Record{PartitionKey: "k"}, &types.ProvisionedThroughputExceededException{}, "ProvisionedThroughput", 2 * time.Second},
		{"too large", Record{PartitionKey: "k", Data: make([]byte, 1<<20)}, nil, "1048577 bytes (data and partition key) is beyond the limit of 1048576", 0},
		{"no key", Record{}, nil, "partition key is empty", 0},
		{"long key", Record{PartitionKey: long}, nil, "has 300 characters; at most 256", 0},
		{"hash key beyond 128 bits", Record{PartitionKey: "k", ExplicitHashKey: "340282366920938463463374607431768211456"}, nil, "explicit hash key", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := &fakePuts{before: func(context.Context, int) error { return tc.err }}
				p, stop := run(t, f, ProducerConfig{RecordTTL: 2 * time.Second})
				defer stop()
				start := time.Now()
				_, err := p.Put(t.Context(), tc.record)
				if err == nil || !strings.Contains(err.Error(), tc.want) {
					t.Errorf("error %v, want %q in it", err, tc.want)
				}
				if took := time.Since(start); took > tc.within {
					t.Errorf("took %v, want at most %v", took, tc.within)
				}
			})
		})
	}
}

func TestPutBlocksWhileTheBufferIsFull(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p, stop := run(t, &fakePuts{before: pause(time.Second)}, ProducerConfig{BufferRecordsMax: 2, RecordTTL: time.Minute})
		start := time.Now()
		for range 3 {
			must(t, p.PutAsync(t.Context(), Record{PartitionKey: "k"}, func(Receipt, error) {}))
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("third put was let in after %v, want 1s, when the first call ended", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		must(t, p.PutAsync(t.Context(), Record{PartitionKey: "k"}, func(Receipt, error) {}))
		if err := p.PutAsync(ctx, Record{PartitionKey: "k"}, func(Receipt, error) {}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("full buffer: %v, want the caller's deadline", err)
		}
		stop()
		if err := p.PutAsync(t.Context(), Record{PartitionKey: "k"}, nil); !errors.Is(err, ErrStopped) {
			t.Errorf("after Run: %v, want ErrStopped", err)
		}
		if s := p.Stats(); s.Acknowledged != 4 || s.Buffered != 0 {
			t.Errorf("stats %+v, want the 4 accepted to be flushed", s)
		}
	})
}

func TestFlushOnStopIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakePuts{before: func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() }} // nobody answers
		p, stop := run(t, f, ProducerConfig{RecordTTL: 3 * time.Second, CallMax: time.Second, BufferRecordsMax: 7})
		var failed atomic.Int32
		for range 7 {
			must(t, p.PutAsync(t.Context(), Record{PartitionKey: "k"}, func(_ Receipt, err error) {
				if errors.Is(err, ErrExpired) {
					failed.Add(1)
				}
			}))
		}
		refused := make(chan error, 1)
		go func() { refused <- p.PutAsync(t.Context(), Record{PartitionKey: "k"}, nil) }()
		synctest.Wait()
		start := time.Now()
		stop()
		if took := time.Since(start); took > 3*time.Second || failed.Load() != 7 {
			t.Errorf("stopped after %v with %d records failed, want within 3s and 7", took, failed.Load())
		}
		if err := <-refused; !errors.Is(err, ErrStopped) {
			t.Errorf("waiting put: %v, want ErrStopped", err)
		}
	})
}

// TestOrderPerKey puts through a service that refuses entries, fails calls and
// loses replies at random, and checks order, loss and callbacks.
func TestOrderPerKey(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var (
			seed     = rapid.Uint64().Draw(rt, "seed")
			keys     = rapid.IntRange(1, 5).Draw(rt, "keys")
			records  = rapid.IntRange(1, 60).Draw(rt, "records")
			inFlight = rapid.IntRange(1, 4).Draw(rt, "inFlight")
			buffered = rapid.IntRange(1, 20).Draw(rt, "buffered")
			trouble  = rapid.Float64Range(0, 0.6).Draw(rt, "trouble")
		)
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 1)) // guarded by the fake's calls below
			lock := make(chan struct{}, 1)
			chance := func() bool {
				lock <- struct{}{}
				defer func() { <-lock }()
				return rng.Float64() < trouble
			}
			upset := func(ctx context.Context, _ int) error {
				lock <- struct{}{}
				d := time.Duration(rng.IntN(20)) * time.Millisecond
				<-lock
				if err := (clock.Wall{}).Sleep(ctx, d); err != nil {
					return err
				}
				if chance() {
					return errors.New("connection reset")
				}
				return nil
			}
			f := &fakePuts{before: upset, after: upset, refuse: func(int, int, string) string {
				if chance() {
					return codeThroughput
				}
				return ""
			}}
			p, stop := run(t, f, ProducerConfig{OrderPerKey: true, InFlightMax: inFlight, BufferRecordsMax: buffered, RecordTTL: time.Hour, Seed: seed + 1})
			calls := make([]atomic.Int32, records)
			for i := range records {
				must(t, p.PutAsync(t.Context(), Record{PartitionKey: fmt.Sprint(i % keys), Data: fmt.Appendf(nil, "%04d", i)},
					func(_ Receipt, err error) {
						if err != nil {
							t.Errorf("record %d: %v", i, err)
						}
						calls[i].Add(1)
					}))
			}
			stop()
			seen := map[string]bool{}
			newest := map[string]string{}
			for _, s := range f.stored {
				key, data, _ := strings.Cut(s, "/")
				if !seen[s] && data < newest[key] {
					t.Errorf("key %s: %s first stored after %s", key, data, newest[key])
				}
				seen[s], newest[key] = true, max(newest[key], data)
			}
			for i := range records {
				if n := calls[i].Load(); n != 1 {
					t.Errorf("callback %d ran %d times", i, n)
				}
			}
			if len(seen) != records {
				t.Errorf("%d of %d records stored", len(seen), records)
			}
			if f.peak > inFlight {
				t.Errorf("%d calls at once, want at most %d", f.peak, inFlight)
			}
		})
		if t.Failed() {
			rt.Fatal("see above") // lets rapid print the draws and shrink them
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func sorted[T int | string](in []T) []T {
	out := slices.Clone(in)
	slices.Sort(out)
	return out
}
