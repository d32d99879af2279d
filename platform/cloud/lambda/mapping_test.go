package lambda

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir/platform/clock"
)

func with(change func(*mappingSettings)) mappingSettings {
	s := defaultMappingSettings()
	s.destination = "arn:aws:sqs:us-east-1:000000000000:q"
	change(&s)
	return s
}

func plain(*mappingSettings) {}

func now() time.Time { return clock.Wall{}.Now() }

// pass lets fake time pass and everything that is due happen.
func pass(d time.Duration) {
	sleep(d)
	synctest.Wait()
}

func sleep(d time.Duration) { _ = clock.Wall{}.Sleep(context.Background(), d) }

func TestPollingReadsOnceASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		streams := newFakeStreams("a")
		b := newBench(t, streams, with(plain))
		defer b.stop()
		pass(10*time.Second + time.Millisecond)
		if n := streams.readCount(); n != 11 {
			t.Errorf("%d reads in 10 s, want 11", n)
		}
		if v := b.view(); v.State != stateEnabled || v.LastProcessingResult != resultNone {
			t.Errorf("state %s, result %s", v.State, v.LastProcessingResult)
		}
		streams.put("a", "1", "2")
		pass(time.Second)
		if got := b.function.seen(); got != "[1 2]" {
			t.Errorf("function saw %s", got)
		}
		if v := b.view(); v.LastProcessingResult != "OK" {
			t.Errorf("result %s", v.LastProcessingResult)
		}
	})
}

func TestFanOutPushesAndSurvivesExpiry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		streams := newFakeStreams("a")
		b := newBench(t, streams, with(plain), pushed)
		defer b.stop()
		for i := range 20 { // beyond three subscriptions of five minutes
			pass(time.Minute)
			streams.put("a", fmt.Sprint(i))
			pass(2 * time.Millisecond)
			if got := b.function.calls(); got != i+1 {
				t.Fatalf("%d batches after %d puts: not pushed at once", got, i+1)
			}
		}
	})
}

func TestBatchesFillOrWaitForTheWindow(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", 1<<20)
	for _, c := range []struct {
		name    string
		size    int
		window  int
		speed   float64
		put     []string
		wait    time.Duration
		batches []int // records of each batch at the end of wait
	}{
		{"full", 2, 0, 1, []string{"1", "2", "3", "4", "5"}, 2 * time.Second, []int{2, 2, 1}},
		{"window open", 10, 5, 1, []string{"1", "2"}, 4 * time.Second, nil},
		{"window over", 10, 5, 1, []string{"1", "2"}, 6 * time.Second, []int{2}},
		{"window in simulated time", 10, 300, 60, []string{"1", "2"}, 6 * time.Second, []int{2}},
		{"full before the window", 2, 300, 1, []string{"1", "2", "3"}, time.Second, []int{2}},
		{"six megabytes", 100, 300, 1, []string{big, big, big, big, big}, time.Second, []int{4}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				streams := newFakeStreams("a")
				streams.put("a", c.put...)
				b := newBench(t, streams, with(func(s *mappingSettings) { s.batchRecords, s.windowSeconds = c.size, c.window }),
					func(m *mapping) { m.deps.sim.Speed = c.speed })
				pass(c.wait)
				var got []int
				for _, batch := range b.function.all() {
					got = append(got, len(batch.numbers))
				}
				if !slices.Equal(got, c.batches) {
					t.Errorf("batches of %v, want %v", got, c.batches)
				}
				started := now()
				b.stop()
				if took := now().Sub(started); took > 10*time.Millisecond {
					t.Errorf("stop took %s: it waits for the window", took)
				}
			})
		})
	}
}

// poison fails every batch that holds data in bad, in one of two ways.
func poison(partial bool, bad ...string) func(fakeBatch) (Result, error) {
	return func(b fakeBatch) (Result, error) {
		var failed []string
		for i, d := range b.data {
			if slices.Contains(bad, d) {
				failed = append(failed, fmt.Sprintf(`{"itemIdentifier":%q}`, b.numbers[i]))
			}
		}
		switch {
		case len(failed) == 0:
			return Result{RequestID: "r", Payload: []byte(`{"batchItemFailures":[]}`)}, nil
		case partial:
			slices.Reverse(failed) // the lowest counts, wherever it stands
			return Result{RequestID: "r", Payload: []byte(`{"batchItemFailures":[` + strings.Join(failed, ",") + `]}`)}, nil
		default:
			return fails(unhandled)
		}
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name            string
		partial, bisect bool
		retries         int
		seen            string
		discarded       string // "first-last n×invokes condition" of each document
	}{
		{"whole batch retried and discarded", false, false, 1, "[1 2 x 4][1 2 x 4][5]", "1-4 2×RetryAttemptsExhausted"},
		{"no retries", false, false, 0, "[1 2 x 4][5]", "1-4 1×RetryAttemptsExhausted"},
		{"thrown error bisects in halves", false, true, 0, "[1 2 x 4][1 2][x 4][x][4][5]", "3-3 3×RetryAttemptsExhausted"},
		{"bisecting consumes no attempt", false, true, 1, "[1 2 x 4][1 2][x 4][x][x][4][5]", "3-3 4×RetryAttemptsExhausted"},
		{"partial checkpoints at the lowest", true, false, 1, "[1 2 x 4][x 4][5]", "3-4 2×RetryAttemptsExhausted"},
		{"partial bisects at the number", true, true, 1, "[1 2 x 4][x 4][x][x][4][5]", "3-3 4×RetryAttemptsExhausted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				streams := newFakeStreams("a")
				streams.put("a", "1", "2", "x", "4", "5")
				b := newBench(t, streams, with(func(s *mappingSettings) {
					s.batchRecords, s.partialResults, s.bisect, s.retryMax = 4, c.partial, c.bisect, c.retries
				}), func(*mapping) {})
				defer b.stop()
				b.function.does(poison(c.partial, "x"))
				b.queue.fail(3)
				pass(5 * time.Second)
				if got := b.function.seen(); got != c.seen {
					t.Errorf("function saw %s, want %s", got, c.seen)
				}
				var got []string
				for _, d := range b.queue.got() {
					got = append(got, fmt.Sprintf("%s-%s %d×%s", strings.TrimLeft(d.KinesisBatchInfo.StartSequenceNumber, "0"),
						strings.TrimLeft(d.KinesisBatchInfo.EndSequenceNumber, "0"),
						d.RequestContext.ApproximateInvokeCount, d.RequestContext.Condition))
				}
				if strings.Join(got, ",") != c.discarded {
					t.Errorf("discarded %v, want %s", got, c.discarded)
				}
				if m := b.function.counters.snapshot(); m.DestinationDeliveryFailures != 3 {
					t.Errorf("%d failed sends counted, want 3", m.DestinationDeliveryFailures)
				}
			})
		})
	}
}

func TestThrottlesAreNotAttempts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		streams := newFakeStreams("a")
		streams.put("a", "1")
		b := newBench(t, streams, with(func(s *mappingSettings) { s.retryMax = 0 }))
		defer b.stop()
		b.function.does(func(fakeBatch) (Result, error) {
			switch n := b.function.calls(); {
			case n <= 5:
				return Result{}, throttled(reasonAccount)
			case n <= 10:
				return Result{}, errors.New("service is ill")
			default:
				return Result{}, nil
			}
		})
		pass(time.Minute)
		if n := b.function.calls(); n != 11 || len(b.queue.got()) != 0 {
			t.Errorf("%d calls, %d documents; want 11 and none", n, len(b.queue.got()))
		}
	})
}

func TestOldRecordsAreDiscarded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		streams := newFakeStreams("a")
		streams.put("a", "old", "old")
		pass(61 * time.Second)
		streams.put("a", "stuck", "new")
		b := newBench(t, streams, with(func(s *mappingSettings) { s.recordAgeMax = time.Minute }))
		defer b.stop()
		b.function.does(poison(false, "stuck"))
		pass(59 * time.Second)
		if strings.Contains(b.function.seen(), "old") {
			t.Errorf("old records reached the function: %s", b.function.seen())
		}
		if len(b.queue.got()) != 1 {
			t.Fatalf("%d documents, want one for the old records", len(b.queue.got()))
		}
		d := b.queue.got()[0]
		if d.RequestContext.Condition != conditionAge || d.KinesisBatchInfo.BatchSize != 2 || d.ResponseContext != nil {
			t.Errorf("document %+v", d)
		}
		pass(20 * time.Second) // the failing batch grows old while it is retried
		if len(b.queue.got()) != 2 || b.queue.got()[1].ResponseContext == nil {
			t.Errorf("documents %+v", b.queue.got())
		}
	})
}

func TestStartingPositions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ start, seen string }{
		{TrimHorizon, "[1][2][3][4]"},
		{Latest, "[4]"},
		{AtTimestamp, "[3][4]"},
	} {
		t.Run(c.start, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				streams := newFakeStreams("a")
				streams.put("a", "1")
				streams.put("a", "2")
				pass(time.Minute)
				at := now()
				streams.put("a", "3")
				b := newBench(t, streams, with(func(s *mappingSettings) { s.batchRecords = 1 }), func(m *mapping) {
					m.start = Position{Type: c.start}
					if c.start == AtTimestamp {
						m.start.Timestamp = at
					}
				})
				defer b.stop()
				synctest.Wait()
				if b.view().State != stateEnabled {
					t.Fatalf("state %s", b.view().State)
				}
				streams.put("a", "4") // once Enabled, nothing is missed
				pass(3 * time.Second)
				if got := b.function.seen(); got != c.seen {
					t.Errorf("function saw %s, want %s", got, c.seen)
				}
			})
		})
	}
}

func TestPermissionsAreCheckedWhilePolling(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		streams := newFakeStreams("a")
		b := newBench(t, streams, with(plain))
		defer b.stop()
		pass(1500 * time.Millisecond)
		b.roles.deny("kinesis:GetRecords", true)
		streams.put("a", "1")
		pass(10 * time.Second)
		if got := b.view().LastProcessingResult; !strings.Contains(got, "PROBLEM") || !strings.Contains(got, "kinesis:GetRecords") {
			t.Errorf("result %q", got)
		}
		if b.function.calls() != 0 {
			t.Error("records were read without permission")
		}
		b.roles.deny("kinesis:GetRecords", false)
		pass(2 * time.Second)
		if b.function.seen() != "[1]" || b.view().LastProcessingResult != "OK" {
			t.Errorf("after the permission is back: %s %s", b.function.seen(), b.view().LastProcessingResult)
		}
	})
}

func TestStates(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		streams := newFakeStreams("a")
		b := newBench(t, streams, with(plain))
		defer b.stop()
		state := func(want string) {
			t.Helper()
			if got := b.view().State; got != want {
				t.Errorf("state %s, want %s", got, want)
			}
		}
		synctest.Wait()
		state(stateEnabled)
		b.function.does(func(fakeBatch) (Result, error) { sleep(5 * time.Second); return Result{}, nil })
		streams.put("a", "1")
		pass(2 * time.Second) // the function has the batch in hand
		if err := b.change("f", b.settings, ptr(false)); err != nil {
			t.Fatal(err)
		}
		state(stateDisabling)
		if err := b.change("f", b.settings, ptr(true)); err == nil {
			t.Error("a mapping in transition accepted a change")
		}
		pass(5 * time.Second)
		state(stateDisabled)
		streams.put("a", "2")
		pass(10 * time.Second)
		if err := b.change("f", b.settings, ptr(true)); err != nil {
			t.Fatal(err)
		}
		state(stateEnabling)
		pass(6 * time.Second)
		state(stateEnabled)
		if got := b.function.seen(); got != "[1][2]" {
			t.Errorf("function saw %s: the batch in hand was delivered twice or the checkpoint lost", got)
		}
		if err := b.remove(); err != nil {
			t.Fatal(err)
		}
		state(stateDeleting)
	})
}

func TestFirstFailed(t *testing.T) {
	t.Parallel()
	records := []Record{{SequenceNumber: "1"}, {SequenceNumber: "2"}, {SequenceNumber: "3"}}
	for _, c := range []struct {
		response string
		want     int
	}{
		{"", 3},
		{"null", 3},
		{" null\n", 3},
		{"{}", 3},
		{`{"batchItemFailures":[]}`, 3},
		{`{"batchItemFailures":null}`, 3},
		{`{"batchItemFailures":[{"itemIdentifier":"3"},{"itemIdentifier":"2"}]}`, 1},
		{`{"batchItemFailures":[{"itemIdentifier":"1"}]}`, 0},
		{`{"batchItemFailures":[{"itemIdentifier":""}]}`, 0},
		{`{"batchItemFailures":[{"itemIdentifier":null}]}`, 0},
		{`{"batchItemFailures":[{"wrongKey":"2"}]}`, 0},
		{`{"batchItemFailures":[{"itemIdentifier":"99"}]}`, 0},
		{`{"batchItemFailures":[{"itemIdentifier":3}]}`, 0},
		{`{"batchItemFailures":"2"}`, 0},
		{`"done"`, 0},
		{`{`, 0},
	} {
		if got := firstFailed([]byte(c.response), records); got != c.want {
			t.Errorf("%q: first failed %d, want %d", c.response, got, c.want)
		}
	}
}
