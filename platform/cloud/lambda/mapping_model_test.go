package lambda

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// plan is one random life of a mapping, drawn before fake time begins.
type plan struct {
	settings  mappingSettings
	pushed    bool
	steps     []step
	throttle  int // every nth call is throttled; 0 never
	sends     int // failures of the destination at first
	finals    int // failures of each window's final invocation at first
	largeEach int // every nth state is over the limit; 0 never
}

type step struct {
	kind  string // put, split, merge, pause, toggle, update, restart, crash
	place float64
	puts  []put
	lanes int // of an update
	wait  time.Duration
}

// put is one record; its data says how it fares: ok, fails n times, poison.
type put struct {
	key   int
	fate  string
	other bool // not what the filter wants
}

const keysOfModel = 7

// hashOf is where a key lies among the hash keys of the stream.
func hashOf(key int) float64 { return (float64(key) + 0.5) / keysOfModel }

func drawPlan(t *rapid.T) plan {
	p := plan{
		pushed:   rapid.Bool().Draw(t, "pushed"),
		throttle: rapid.SampledFrom([]int{0, 0, 3, 5}).Draw(t, "throttle"),
		sends:    rapid.IntRange(0, 3).Draw(t, "failed sends"),
	}
	p.settings = with(func(s *mappingSettings) {
		s.batchRecords = rapid.IntRange(1, 8).Draw(t, "batch size")
		s.windowSeconds = rapid.SampledFrom([]int{0, 0, 1, 4}).Draw(t, "window")
		s.bisect = rapid.Bool().Draw(t, "bisect")
		s.retryMax = rapid.IntRange(0, 3).Draw(t, "retries")
		s.partialResults = rapid.Bool().Draw(t, "partial")
		s.recordAgeMax = rapid.SampledFrom([]time.Duration{-1, -1, time.Minute}).Draw(t, "age")
		if s.lanes = rapid.SampledFrom([]int{1, 2, 3, 10}).Draw(t, "lanes"); s.lanes == 1 {
			s.tumblingSeconds = rapid.SampledFrom([]int{0, 1, 3, 20}).Draw(t, "tumbling window")
		}
		if rapid.Bool().Draw(t, "filtered") {
			pattern := `{"data":{"want":[true]}}`
			s.filters, _ = (&filterCriteria{Filters: []filterMember{{&pattern}}}).compile()
		}
	})
	if p.settings.tumblingSeconds > 0 {
		p.finals = rapid.IntRange(0, p.settings.retryMax).Draw(t, "failed finals")
		p.largeEach = rapid.SampledFrom([]int{0, 0, 3}).Draw(t, "large states")
		if p.settings.recordAgeMax > 0 {
			p.finals = 0 // so that no window is given up
			p.throttle = 0
		}
	}
	for range rapid.IntRange(1, 15).Draw(t, "steps") {
		p.steps = append(p.steps, drawStep(t, p.settings))
	}
	return p
}

func drawStep(t *rapid.T, settings mappingSettings) step {
	s := step{
		kind:  rapid.SampledFrom([]string{"put", "put", "put", "put", "split", "merge", "toggle", "update", "restart", "crash", "pause"}).Draw(t, "step"),
		place: rapid.Float64Range(0, 0.999).Draw(t, "place"),
		lanes: settings.lanes,
		wait:  time.Duration(rapid.IntRange(0, 3000).Draw(t, "wait ms")) * time.Millisecond,
	}
	if s.kind == "update" && settings.tumblingSeconds == 0 {
		s.lanes = rapid.IntRange(1, 10).Draw(t, "new lanes")
	}
	if s.kind == "put" {
		for range rapid.IntRange(1, 16).Draw(t, "records") {
			s.puts = append(s.puts, put{
				key:   rapid.IntRange(0, keysOfModel-1).Draw(t, "key"),
				fate:  rapid.SampledFrom([]string{"ok", "ok", "ok", "ok", "1", "2", "poison"}).Draw(t, "fate"),
				other: rapid.IntRange(0, 4).Draw(t, "other") == 0,
			})
		}
	}
	return s
}

// TestEveryRecordIsSettledOnceInOrder runs random lives: whatever fails,
// reshards, is throttled, filtered, disabled, updated or restarted, every
// wanted record is either accepted by the function or named in one document,
// in order within its key; a child's records come after its parents'; what a
// tumbling window aggregated reaches one final invocation. Only a crash, which
// goes on from what was on disk some moments before, repeats anything.
func TestEveryRecordIsSettledOnceInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		p := drawPlan(rt)
		var problems []string
		synctest.Test(t, func(t *testing.T) { problems = newLife(t, p).run() })
		if len(problems) > 0 {
			rt.Fatalf("plan %+v:\n%s", p, strings.Join(problems, "\n"))
		}
	})
}

// life is a plan at work.
type life struct {
	*bench
	t       *testing.T
	plan    plan
	shards  int
	records int
	crashed bool
	settled *settledRecords
}

func newLife(t *testing.T, p plan) *life {
	l := &life{t: t, plan: p, shards: 1, settled: newSettled(p)}
	l.start(newFakeStreams("s0"), nil)
	l.queue.fail(p.sends)
	return l
}

// start begins a mapping that goes on from saved places, if there are any.
func (l *life) start(streams *fakeStreams, saved []byte) {
	before := l.bench
	l.bench = newBench(l.t, streams, l.plan.settings, func(m *mapping) {
		if l.plan.pushed {
			pushed(m)
		}
		if before != nil {
			m.settings = before.settings
			if err := json.Unmarshal(saved, &m.shards); err != nil {
				l.t.Error(err)
			}
			m.deps.functions, m.deps.destinations, m.deps.log = before.function, before.queue, before.deps.log
		}
	})
	if before != nil {
		l.function, l.queue, l.log = before.function, before.queue, before.log
		return
	}
	l.function.does(l.settled.behave(l.function))
}

// save is what would be on disk now.
func (l *life) save() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	saved, err := json.Marshal(l.mapping.shards)
	if err != nil {
		l.t.Error(err)
	}
	return saved
}

func (l *life) run() []string {
	for _, s := range l.plan.steps {
		l.step(s)
		pass(s.wait)
	}
	for range 100 {
		pass(10 * time.Second)
		if l.view().State == stateEnabled || l.change("f", l.settings, ptr(true)) == nil {
			break
		}
	}
	pass(30 * time.Minute)
	l.stop()
	return l.settled.verdict(l)
}

func (l *life) step(s step) {
	child := fmt.Sprintf("s%d", l.shards)
	switch s.kind {
	case "put":
		for _, r := range s.puts {
			data := fmt.Sprintf(`{"n":%d,"fate":%q,"want":%t}`, l.records, r.fate, !r.other)
			if r.other && l.records%2 == 0 {
				data = fmt.Sprintf("not JSON %d", l.records)
			}
			l.records++
			l.streams.putKeyed(fmt.Sprintf("k%d", r.key), hashOf(r.key), data)
		}
	case "split":
		l.shards += 2
		l.streams.split(s.place, child, fmt.Sprintf("s%d", l.shards-1))
	case "merge":
		l.shards++
		l.streams.merge(s.place, child)
	case "toggle":
		_ = l.change("f", l.settings, ptr(l.view().State == stateDisabled)) // refused in transition, as it may be
	case "update":
		next := l.settings
		next.lanes = s.lanes
		_ = l.change("f", next, nil)
	case "restart":
		l.stop()
		l.start(l.streams, l.save())
	case "crash":
		saved := l.save()
		pass(5 * time.Millisecond) // what happens now is forgotten
		l.stop()
		l.crashed = true
		l.start(l.streams, saved)
	}
}
