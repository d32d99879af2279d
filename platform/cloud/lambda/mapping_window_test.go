package lambda

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

func tumbling(seconds int) mappingSettings {
	return with(func(s *mappingSettings) { s.tumblingSeconds, s.retryMax = seconds, 2 })
}

// counts is a function that counts records in its state, in AWS's own types.
func counts(b fakeBatch) (Result, error) {
	raw, err := json.Marshal(b.event)
	if err != nil {
		return Result{}, err
	}
	var event events.KinesisTimeWindowEvent
	if err := json.Unmarshal(raw, &event); err != nil {
		return Result{}, err
	}
	n := 0
	if text, ok := event.State["n"]; ok {
		if _, err := fmt.Sscan(text, &n); err != nil {
			return Result{}, err
		}
	}
	payload, err := json.Marshal(events.KinesisTimeWindowEventResponse{
		TimeWindowEventResponseProperties: events.TimeWindowEventResponseProperties{State: map[string]string{"n": fmt.Sprint(n + len(event.Records))}},
	})
	return Result{RequestID: "r", Payload: payload}, err
}

// told is what the function was told of windows, a call each.
func told(b *bench) string {
	var out []string
	for _, batch := range b.function.all() {
		w := batch.event
		text := fmt.Sprintf("%s-%s %d %s", w.Window.Start.Format("04:05"), w.Window.End.Format("04:05"), len(w.Records), w.State)
		if w.IsFinalInvokeForWindow {
			text += " final"
		}
		if w.IsWindowTerminatedEarly {
			text += " early"
		}
		out = append(out, text)
	}
	return strings.Join(out, ", ")
}

func TestWindowsKeepStateAndEnd(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*mapping)
		within time.Duration // of the window's end comes the final invocation
	}{
		{"polled", func(*mapping) {}, 1200 * time.Millisecond},
		{"pushed", pushed, 6 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				streams := newFakeStreams("a")
				b := newBench(t, streams, tumbling(30), c.change)
				defer b.stop()
				b.function.does(counts)
				pass(10 * time.Second)
				streams.put("a", "1", "2")
				pass(5 * time.Second)
				streams.put("a", "3")
				pass(15 * time.Second) // 00:30
				first := `00:00-00:30 2 {}, 00:00-00:30 1 {"n":"2"}`
				if got := told(b); got != first {
					t.Fatalf("told %s, want %s", got, first)
				}
				pass(c.within)
				first += `, 00:00-00:30 0 {"n":"3"} final`
				if got := told(b); got != first {
					t.Fatalf("after the end: told %s, want %s", got, first)
				}
				streams.put("a", "4")
				pass(30 * time.Second)
				pass(c.within)
				if got, want := told(b), first+`, 00:30-01:00 1 {}, 00:30-01:00 0 {"n":"1"} final`; got != want {
					t.Errorf("told %s, want %s", got, want)
				}
				last := b.function.all()[0].event
				if last.ShardID != "a" || last.EventSourceARN != b.source.arn() {
					t.Errorf("event %+v", last)
				}
				if p := saved(t, b.mapping)["a"]; p.Window != nil {
					t.Errorf("a window is left: %+v", p.Window)
				}
			})
		})
	}
}

func TestWindowsAreCutInBacklogsAndInSimulatedTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		streams := newFakeStreams("a")
		for n := range 6 {
			streams.put("a", fmt.Sprint(n))
			pass(time.Second) // ten simulated seconds
		}
		b := newBench(t, streams, tumbling(30), func(m *mapping) {
			m.deps.sim.Epoch = m.deps.sim.Epoch.Add(-6 * 10 * time.Second)
			m.deps.sim.Origin = m.deps.sim.Origin.Add(-6 * time.Second)
			m.deps.sim.Speed = 10
		})
		defer b.stop()
		b.function.does(counts)
		pass(3 * time.Second)
		// The records came in at 59:06, 59:16 and so on.
		want := `59:00-59:30 3 {}, 59:00-59:30 0 {"n":"3"} final, 59:30-00:00 3 {}, 59:30-00:00 0 {"n":"3"} final`
		if got := told(b); got != want {
			t.Errorf("told %s, want %s", got, want)
		}
	})
}

func TestShardsEndEndsTheWindow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		streams := newFakeStreams("a")
		b := newBench(t, streams, tumbling(900))
		defer b.stop()
		b.function.does(counts)
		streams.put("a", "1")
		streams.split(0, "b", "c")
		streams.put("c", "2")
		pass(3 * time.Second)
		want := `00:00-15:00 1 {}, 00:00-15:00 0 {"n":"1"} final, 00:00-15:00 1 {}`
		if got := told(b); got != want || b.function.all()[2].shard != "c" {
			t.Errorf("told %s, want %s", got, want)
		}
	})
}

func TestWindowSurvivesARestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		streams := newFakeStreams("a")
		b := newBench(t, streams, tumbling(30))
		b.function.does(counts)
		streams.put("a", "1", "2")
		pass(2 * time.Second)
		places := saved(t, b.mapping)
		b.stop()
		again := newBench(t, streams, tumbling(30), func(m *mapping) { m.shards = places })
		defer again.stop()
		again.function.does(counts)
		streams.put("a", "3")
		pass(32 * time.Second)
		if got, want := told(again), `00:00-00:30 1 {"n":"2"}, 00:00-00:30 0 {"n":"3"} final`; got != want {
			t.Errorf("told %s, want %s", got, want)
		}
	})
}

func TestLargeStateEndsTheWindowEarly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		streams := newFakeStreams("a")
		b := newBench(t, streams, tumbling(30))
		defer b.stop()
		large := `{"x":"` + strings.Repeat("x", stateBytesMax) + `"}`
		b.function.does(func(batch fakeBatch) (Result, error) {
			state := `{"x":"small"}`
			if len(batch.data) > 0 && batch.data[0] == "large" {
				state = large
			}
			return Result{RequestID: "r", Payload: []byte(`{"state":` + state + `}`)}, nil
		})
		streams.put("a", "large")
		pass(2 * time.Second)
		streams.put("a", "next")
		pass(2 * time.Second)
		got := strings.ReplaceAll(told(b), large, "LARGE")
		if want := `00:00-00:30 1 {}, 00:00-00:30 0 LARGE final early, 00:00-00:30 1 {}`; got != want {
			t.Errorf("told %s, want %s", got, want)
		}
	})
}

func TestResponsesWithoutStateFail(t *testing.T) {
	t.Parallel()
	for _, response := range []string{``, `null`, `{}`, `{"State2":1}`, `"x"`, `{`} {
		synctest.Test(t, func(t *testing.T) {
			streams := newFakeStreams("a")
			b := newBench(t, streams, tumbling(30))
			defer b.stop()
			b.function.does(func(fakeBatch) (Result, error) { return Result{Payload: []byte(response)}, nil })
			streams.put("a", "1")
			pass(40 * time.Second)
			if b.function.calls() != 3 || len(b.queue.got()) != 1 || len(b.log.with("has no state")) == 0 {
				t.Errorf("%s: %d calls, documents %+v", response, b.function.calls(), b.queue.got())
			}
		})
	}
}

// A final invocation that is given up is reported with all that its state held.
func TestFinalInvocationGivenUp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		change    func(*mappingSettings)
		condition string
	}{
		{"retries", func(s *mappingSettings) { s.retryMax = 2 }, conditionRetries},
		{"age", func(s *mappingSettings) { s.retryMax, s.recordAgeMax = -1, time.Minute }, conditionAge},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				streams := newFakeStreams("a")
				settings := tumbling(30)
				c.change(&settings)
				b := newBench(t, streams, settings)
				defer b.stop()
				b.function.does(func(batch fakeBatch) (Result, error) {
					if batch.event.IsFinalInvokeForWindow && batch.event.Window.Start.Second() == 0 {
						return fails(unhandled)
					}
					return counts(batch)
				})
				numbers := streams.put("a", "1")
				pass(10 * time.Second)
				numbers = append(numbers, streams.put("a", "2", "3")...)
				pass(25 * time.Second)
				streams.put("a", "next")
				pass(3 * time.Minute)
				got := b.queue.got()
				if len(got) != 1 {
					t.Fatalf("%d documents", len(got))
				}
				info := got[0].KinesisBatchInfo
				if got[0].RequestContext.Condition != c.condition || info.BatchSize != 3 || info.StartSequenceNumber != numbers[0] || info.EndSequenceNumber != numbers[2] {
					t.Errorf("document %+v", got[0])
				}
				if !strings.HasSuffix(told(b), `00:30-01:00 1 {}, 00:30-01:00 0 {"n":"1"} final`) {
					t.Errorf("told %s: the next window does not go on", told(b))
				}
			})
		})
	}
}

func TestTurningWindowsOffEndsTheOpenOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		streams := newFakeStreams("a")
		b := newBench(t, streams, tumbling(900))
		defer b.stop()
		b.function.does(counts)
		streams.put("a", "1")
		pass(2 * time.Second)
		if err := b.change("f", with(plain), nil); err != nil {
			t.Fatal(err)
		}
		pass(2 * time.Second)
		b.function.does(nil)
		streams.put("a", "2")
		pass(2 * time.Second)
		all := b.function.all()
		if len(all) != 3 || !all[1].event.IsFinalInvokeForWindow || all[2].event.State != nil || all[2].data[0] != "2" {
			t.Errorf("told %s", told(b))
		}
	})
}
