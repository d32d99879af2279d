package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/weirstream/weir/platform/clock"
)

// fakeEvents is a function and its targets. It notes when what happened.
type fakeEvents struct {
	limits  eventLimits
	invoked func(e asyncEvent) (Result, error) // nil succeeds
	refuse  func(e asyncEvent) error           // what a target says; nil takes all

	mu       sync.Mutex
	started  time.Time
	attempts []time.Duration // since started
	got      map[string][]string
}

func (f *fakeEvents) eventLimits(string) (eventLimits, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.limits, nil
}

func (f *fakeEvents) invokeEvent(_ context.Context, e asyncEvent) (Result, error) {
	f.mu.Lock()
	f.attempts = append(f.attempts, clock.Wall{}.Now().Sub(f.started))
	invoked := f.invoked
	f.mu.Unlock()
	if invoked == nil {
		return Result{RequestID: e.ID, Version: latestVersion, Payload: []byte(`"fine"`)}, nil
	}
	return invoked(e)
}

func (f *fakeEvents) sendEvent(_ context.Context, e asyncEvent) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refuse != nil {
		if err := f.refuse(e); err != nil {
			return err
		}
	}
	f.got[e.Targets[0].ARN] = append(f.got[e.Targets[0].ARN], e.ID+" "+e.Condition)
	return nil
}

// newEvents starts a worker; call it in a synctest bubble.
func newEvents(f *fakeEvents, log *slog.Logger) (w *asyncWorker, stop func()) {
	f.started, f.got = clock.Wall{}.Now(), map[string][]string{}
	w = &asyncWorker{
		function: "f", queue: newAsyncQueue("f", nil), deps: f, wall: clock.Wall{}, counters: &counters{}, log: log,
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); w.run(ctx) }()
	return w, func() { cancel(); <-done }
}

func (w *asyncWorker) offer(t interface{ Fatal(...any) }, id string) {
	now := clock.Wall{}.Now()
	if err := w.queue.accept(asyncEvent{ID: id, Reference: "f", Payload: []byte("{}"), Accepted: now, Due: now}); err != nil {
		t.Fatal(err)
	}
}

func broken(asyncEvent) (Result, error) {
	return Result{Version: latestVersion, FunctionError: unhandled, Payload: []byte(`{"errorMessage":"no"}`)}, nil
}

func busy(asyncEvent) (Result, error) { return Result{}, throttled(reasonAccount) }

func TestAttemptsAtAnEvent(t *testing.T) {
	t.Parallel()
	seconds := func(list ...int) (out []time.Duration) {
		for _, s := range list {
			out = append(out, time.Duration(s)*time.Second)
		}
		return out
	}
	for _, c := range []struct {
		name     string
		limits   eventLimits
		invoked  func(asyncEvent) (Result, error)
		attempts []time.Duration
		ends     string
	}{
		{"success", eventLimits{retryMax: 2, ageMax: eventAgeMax}, nil, seconds(0), conditionSuccess},
		{"two retries", eventLimits{retryMax: 2, ageMax: eventAgeMax}, broken, seconds(0, 60, 180), conditionExhausted},
		{"one retry", eventLimits{retryMax: 1, ageMax: eventAgeMax}, broken, seconds(0, 60), conditionExhausted},
		{"none", eventLimits{retryMax: 0, ageMax: eventAgeMax}, broken, seconds(0), conditionExhausted},
		{"too old for the second", eventLimits{retryMax: 2, ageMax: 100 * time.Second}, broken, seconds(0, 60), conditionEventAge},
		{"throttled", eventLimits{retryMax: 0, ageMax: 20 * time.Minute}, busy, seconds(0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 811, 1111), conditionEventAge},
		{"no concurrency", eventLimits{retryMax: 2, ageMax: eventAgeMax, stopped: true}, broken, nil, conditionStopped},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c.limits.onSuccess, c.limits.onFailure, c.limits.deadLetter = "good", "bad", "dead"
				f := &fakeEvents{limits: c.limits, invoked: c.invoked}
				w, stop := newEvents(f, slog.New(slog.DiscardHandler))
				defer stop()
				w.offer(t, "e")
				time.Sleep(7 * time.Hour)
				synctest.Wait()
				if !slices.Equal(f.attempts, c.attempts) {
					t.Errorf("attempts at %v, want %v", f.attempts, c.attempts)
				}
				want := map[string][]string{"bad": {"e " + c.ends}, "dead": {"e " + c.ends}}
				dropped := int64(1)
				if c.ends == conditionSuccess {
					want, dropped = map[string][]string{"good": {"e " + c.ends}}, 0
				}
				if fmt.Sprint(f.got) != fmt.Sprint(want) {
					t.Errorf("targets got %v, want %v", f.got, want)
				}
				if left := w.queue.pending(); len(left) > 0 {
					t.Errorf("still pending: %v", left)
				}
				if m := w.counters.snapshot(); m.AsyncEventsDropped != dropped {
					t.Errorf("%d events counted as dropped", m.AsyncEventsDropped)
				}
			})
		})
	}
}

func TestADestinationThatRefusesIsAskedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		refusals := 12
		f := &fakeEvents{limits: eventLimits{ageMax: time.Minute, onFailure: "bad", deadLetter: "dead"}, invoked: broken}
		f.refuse = func(e asyncEvent) error {
			if e.Targets[0].DeadLetter {
				return ErrTooLarge
			}
			if refusals--; refusals >= 0 {
				return errors.New("queue is away")
			}
			return nil
		}
		w, stop := newEvents(f, slog.New(slog.DiscardHandler))
		defer stop()
		w.offer(t, "e")
		time.Sleep(time.Hour) // 1 + 2 + … + 256 s, then 300 s each: far beyond the event's age
		synctest.Wait()
		if fmt.Sprint(f.got) != "map[bad:[e RetriesExhausted]]" || len(w.queue.pending()) > 0 {
			t.Errorf("got %v, pending %v", f.got, w.queue.pending())
		}
		if m := w.counters.snapshot(); m.DestinationDeliveryFailures != 12 || m.DeadLetterErrors != 1 {
			t.Errorf("counted %+v", m)
		}
	})
}

func TestAStopKeepsAndNamesWhatIsPending(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		f := &fakeEvents{limits: eventLimits{retryMax: 2, ageMax: eventAgeMax}, invoked: broken}
		w, stop := newEvents(f, slog.New(slog.NewTextHandler(&log, nil)))
		w.offer(t, "first")
		w.offer(t, "second")
		synctest.Wait()
		stop()
		if ids := w.queue.pending(); len(ids) != 2 || !strings.Contains(log.String(), "pending at stop") || !strings.Contains(log.String(), "[first second]") {
			t.Errorf("pending %v, log %s", ids, &log)
		}
		// What is kept is one JSON value each and its payload, from which another worker goes on.
		next := &fakeEvents{limits: f.limits}
		again, stop := newEvents(next, slog.New(slog.DiscardHandler))
		defer stop()
		for _, e := range w.queue.events {
			data, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			var back asyncEvent
			if err := json.Unmarshal(data, &back); err != nil {
				t.Fatal(err)
			}
			back.Payload = e.Payload // has an entry of its own
			if back.Failures != 1 || string(back.Payload) != "{}" || back.Last.FunctionError != unhandled {
				t.Errorf("came back as %+v", back)
			}
			if err := again.queue.accept(back); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(next.attempts) != 2 || len(again.queue.pending()) != 0 {
			t.Errorf("after the restart %d attempts, pending %v", len(next.attempts), again.queue.pending())
		}
	})
}

func TestWorkIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var inHand, most int
		f := &fakeEvents{limits: eventLimits{ageMax: eventAgeMax}}
		f.invoked = func(e asyncEvent) (Result, error) {
			f.mu.Lock()
			inHand++
			most = max(most, inHand)
			f.mu.Unlock()
			time.Sleep(time.Second)
			f.mu.Lock()
			inHand--
			f.mu.Unlock()
			return Result{}, nil
		}
		w, stop := newEvents(f, slog.New(slog.DiscardHandler))
		defer stop()
		for i := range 35 {
			w.offer(t, fmt.Sprint(i))
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if most != asyncConcurrency || len(f.attempts) != 35 || len(w.queue.pending()) != 0 {
			t.Errorf("%d at once, %d attempts, pending %v", most, len(f.attempts), w.queue.pending())
		}
		full := asyncEvent{ID: "full", Payload: make([]byte, asyncQueueBytes+1)}
		if err := w.queue.accept(full); err == nil {
			t.Error("the queue took more than it holds")
		}
		w.queue.close()
		if err := w.queue.accept(asyncEvent{ID: "late"}); err == nil {
			t.Error("a deleted function took an event")
		}
	})
}
