package lambda

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// TestEveryEventEndsOnce runs random events through random functions, targets
// and changes of both. Each accepted event ends under one condition, each target
// configured for that condition has it once, and nothing else has it; what did
// not end is still pending.
func TestEveryEventEndsOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		m := drawAsyncModel(rt)
		var problem string
		synctest.Test(t, func(*testing.T) { problem = m.run(rt) })
		if problem != "" {
			rt.Fatal(problem)
		}
	})
}

// asyncModel is what will happen, drawn before the clock starts.
type asyncModel struct {
	limits   eventLimits
	events   []modelEvent
	horizon  time.Duration // when the process stops
	failSend []bool        // how the sends go, one after the other; then they succeed
}

type modelEvent struct {
	at       time.Duration
	outcomes []string // of its attempts, one after the other: ok, error, busy; the last for ever
}

func drawAsyncModel(rt *rapid.T) asyncModel {
	arn := func(name string) string {
		if rapid.Bool().Draw(rt, name) {
			return name
		}
		return ""
	}
	m := asyncModel{
		limits: eventLimits{
			retryMax:  rapid.IntRange(0, 2).Draw(rt, "retries"),
			ageMax:    time.Duration(rapid.IntRange(60, 21600).Draw(rt, "age")) * time.Second,
			onSuccess: arn("success"), onFailure: arn("failure"), deadLetter: arn("dead"),
			stopped: rapid.IntRange(0, 9).Draw(rt, "stopped") == 0,
		},
		horizon:  time.Duration(rapid.IntRange(0, 30000).Draw(rt, "horizon")) * time.Second,
		failSend: rapid.SliceOfN(rapid.Bool(), 0, 10).Draw(rt, "sends"),
	}
	for range rapid.IntRange(1, 30).Draw(rt, "events") {
		m.events = append(m.events, modelEvent{
			at:       time.Duration(rapid.IntRange(0, 600).Draw(rt, "at")) * time.Second,
			outcomes: rapid.SliceOfN(rapid.SampledFrom([]string{"ok", "error", "busy"}), 1, 6).Draw(rt, "outcomes"),
		})
	}
	return m
}

// expected is the condition an event must end under, by a plain simulation of
// its attempts, and when that is.
func (m asyncModel) expected(e modelEvent) (condition string, at time.Duration) {
	if m.limits.stopped {
		return conditionStopped, e.at
	}
	elapsed, failures, refusals := time.Duration(0), 0, 0
	for attempt := 0; elapsed < m.limits.ageMax; attempt++ {
		switch e.outcomes[min(attempt, len(e.outcomes)-1)] {
		case "ok":
			return conditionSuccess, e.at + elapsed
		case "error":
			failures, refusals = failures+1, 0
			if failures > m.limits.retryMax {
				return conditionExhausted, e.at + elapsed
			}
			elapsed += []time.Duration{0, time.Minute, 2 * time.Minute}[failures]
		case "busy":
			refusals++
			elapsed += []time.Duration{0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300}[min(refusals, 10)] * time.Second
		}
	}
	return conditionEventAge, e.at + m.limits.ageMax
}

func (m asyncModel) run(rt *rapid.T) string {
	attempts := map[string]int{}
	outcomes := map[string][]string{}
	for i, e := range m.events {
		outcomes[fmt.Sprint(i)] = e.outcomes
	}
	f := &fakeEvents{limits: m.limits}
	f.invoked = func(e asyncEvent) (Result, error) {
		f.mu.Lock()
		list, n := outcomes[e.ID], attempts[e.ID]
		attempts[e.ID]++
		f.mu.Unlock()
		switch list[min(n, len(list)-1)] {
		case "ok":
			return Result{Version: latestVersion}, nil
		case "error":
			return broken(e)
		default:
			return busy(e)
		}
	}
	sends := 0
	f.refuse = func(asyncEvent) error {
		if sends++; sends <= len(m.failSend) && m.failSend[sends-1] {
			return errors.New("away")
		}
		return nil
	}
	w, stop := newEvents(f, slog.New(slog.DiscardHandler))
	for second := time.Duration(0); second <= 600*time.Second && second <= m.horizon; second += time.Second {
		for i, e := range m.events {
			if e.at == second {
				w.offer(rt, fmt.Sprint(i))
			}
		}
		time.Sleep(time.Second)
	}
	time.Sleep(max(0, m.horizon-601*time.Second))
	synctest.Wait()
	stopped := time.Since(f.started)
	stop()
	return m.judge(f, w, stopped)
}

// judge compares targets and queue with what was expected of each event. Sends
// that fail put the end off by some minutes: ten of them in a row.
func (m asyncModel) judge(f *fakeEvents, w *asyncWorker, stopped time.Duration) string {
	pending := map[string]bool{}
	for _, id := range w.queue.pending() {
		pending[id] = true
	}
	got := map[string]map[string]int{}
	for target, list := range f.got {
		for _, entry := range list {
			if got[entry] == nil {
				got[entry] = map[string]int{}
			}
			got[entry][target]++
		}
	}
	late := time.Duration(0)
	if slices.Contains(m.failSend, true) {
		late = 20 * time.Minute
	}
	entries := 0
	for i, e := range m.events {
		id := fmt.Sprint(i)
		if e.at > m.horizon {
			continue
		}
		condition, at := m.expected(e)
		targets := []string{m.limits.onFailure, m.limits.deadLetter}
		if condition == conditionSuccess {
			targets = []string{m.limits.onSuccess}
		}
		if pending[id] != (at > stopped) && (!pending[id] || at+late < stopped) {
			return fmt.Sprintf("event %s: pending %v at %v, expected %s at %v", id, pending[id], stopped, condition, at)
		}
		for _, target := range targets {
			n := got[id+" "+condition][target]
			if n > 1 || (target == "" && n > 0) || (target != "" && n == 0 && !pending[id]) {
				return fmt.Sprintf("event %s: %d times in %q after %s, pending %v", id, n, target, condition, pending[id])
			}
			entries += n
		}
	}
	total := 0
	for _, list := range f.got {
		total += len(list)
	}
	if total != entries {
		return fmt.Sprintf("targets got %v, of which %d were expected", f.got, entries)
	}
	return ""
}
