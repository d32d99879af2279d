package lambda

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

// plan is one random life of a mapping, drawn before fake time begins.
type plan struct {
	settings mappingSettings
	pushed   bool
	partial  bool
	steps    []step
	throttle int // every nth call is throttled; 0 never
	sends    int // failures of the destination at first
}

type step struct {
	kind  string // put, split, merge, pause, toggle, update
	shard int
	data  []string
	wait  time.Duration
}

func drawPlan(t *rapid.T) plan {
	p := plan{
		pushed:   rapid.Bool().Draw(t, "pushed"),
		partial:  rapid.Bool().Draw(t, "partial"),
		throttle: rapid.SampledFrom([]int{0, 0, 3, 5}).Draw(t, "throttle"),
		sends:    rapid.IntRange(0, 3).Draw(t, "failed sends"),
	}
	p.settings = with(func(s *mappingSettings) {
		s.batchRecords = rapid.IntRange(1, 8).Draw(t, "batch size")
		s.windowSeconds = rapid.SampledFrom([]int{0, 0, 1, 4}).Draw(t, "window")
		s.bisect = rapid.Bool().Draw(t, "bisect")
		s.retryMax = rapid.IntRange(0, 3).Draw(t, "retries")
		s.partialResults = p.partial
	})
	n := 0
	for range rapid.IntRange(1, 15).Draw(t, "steps") {
		s := step{
			kind:  rapid.SampledFrom([]string{"put", "put", "put", "split", "merge", "toggle", "update", "pause"}).Draw(t, "step"),
			shard: rapid.IntRange(0, 99).Draw(t, "shard"),
			wait:  time.Duration(rapid.IntRange(0, 3000).Draw(t, "wait ms")) * time.Millisecond,
		}
		if s.kind == "put" {
			for range rapid.IntRange(1, 12).Draw(t, "records") {
				// The letter says how it fares: ok, fails n times, poison.
				fate := rapid.SampledFrom([]string{"ok", "ok", "ok", "ok", "1", "2", "poison"}).Draw(t, "fate")
				s.data = append(s.data, fmt.Sprintf("%d:%s", n, fate))
				n++
			}
		}
		p.steps = append(p.steps, s)
	}
	return p
}

// TestEveryRecordIsSettledOnceInOrder runs random lives: whatever fails,
// reshards, is throttled, disabled or updated, every record is either accepted
// by the function or named in one document, in order within its shard, and a
// child's records come after its parents'.
func TestEveryRecordIsSettledOnceInOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		p := drawPlan(rt)
		var problems []string
		synctest.Test(t, func(t *testing.T) { problems = live(t, p) })
		if len(problems) > 0 {
			rt.Fatalf("plan %+v:\n%s", p, strings.Join(problems, "\n"))
		}
	})
}

// live runs a plan and returns what is wrong with its outcome.
func live(t *testing.T, p plan) (problems []string) {
	streams := newFakeStreams("s0")
	open := []string{"s0"}
	shards := 1
	change := func(*mapping) {}
	if p.pushed {
		change = pushed
	}
	b := newBench(t, streams, p.settings, change)
	settled := settledRecords{fails: map[string]int{}}
	b.function.does(settled.behave(b, p))
	b.queue.fail(p.sends)
	for _, s := range p.steps {
		i := s.shard % len(open)
		switch s.kind {
		case "put":
			streams.put(open[i], s.data...)
		case "split":
			one, two := fmt.Sprintf("s%d", shards), fmt.Sprintf("s%d", shards+1)
			shards += 2
			streams.reshard([]string{open[i]}, one, two)
			open = append(slices.Delete(open, i, i+1), one, two)
		case "merge":
			if len(open) > 1 {
				child := fmt.Sprintf("s%d", shards)
				shards++
				streams.reshard([]string{open[0], open[1]}, child)
				open = append(open[2:], child)
			}
		case "toggle":
			_ = b.change("f", b.settings, ptr(b.view().State == stateDisabled)) // refused in transition, as it may be
		case "update":
			_ = b.change("f", b.settings, nil)
		}
		pass(s.wait)
	}
	for range 100 {
		pass(10 * time.Second)
		if b.view().State == stateEnabled || b.change("f", b.settings, ptr(true)) == nil {
			break
		}
	}
	pass(30 * time.Minute)
	b.stop()
	return settled.verdict(b)
}

// settledRecords follows what became of every record.
type settledRecords struct {
	order []string // shard:number as they were accepted, in order
	fails map[string]int
}

// behave is the function: it fails on a record as its fate says, in the way
// the plan reports failures.
func (s *settledRecords) behave(b *bench, p plan) func(fakeBatch) (Result, error) {
	calls := 0
	return func(batch fakeBatch) (Result, error) {
		b.function.mu.Lock()
		defer b.function.mu.Unlock()
		calls++
		if p.throttle > 0 && calls%p.throttle == 0 {
			return Result{}, throttled(reasonReserved)
		}
		if len(batch.numbers) > p.settings.batchRecords {
			s.order = append(s.order, "batch too large")
		}
		lowest := len(batch.data)
		var items []string
		for i, d := range batch.data {
			_, fate, _ := strings.Cut(d, ":")
			left := map[string]int{"ok": 0, "1": 1, "2": 2, "poison": 1 << 30}[fate]
			if s.fails[d] < left {
				s.fails[d]++
				lowest = min(lowest, i)
				items = append(items, fmt.Sprintf(`{"itemIdentifier":%q}`, batch.numbers[i]))
			}
		}
		if lowest < len(batch.data) && !p.partial {
			return fails(unhandled)
		}
		for _, number := range batch.numbers[:lowest] {
			s.order = append(s.order, batch.shard+":"+number)
		}
		return Result{RequestID: "r", Payload: []byte(`{"batchItemFailures":[` + strings.Join(items, ",") + `]}`)}, nil
	}
}

func (s *settledRecords) verdict(b *bench) (problems []string) {
	complain := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if b.function.overlaps > 0 {
		complain("%d overlapping batches of one shard", b.function.overlaps)
	}
	times := map[string]int{}
	last := map[string]string{}
	lowest := map[string]string{} // first accepted number of a shard
	for _, key := range s.order {
		shard, number, ok := strings.Cut(key, ":")
		if !ok {
			complain("%s", key)
			continue
		}
		times[key]++
		if number <= last[shard] {
			complain("%s accepted after %s", key, last[shard])
		}
		last[shard] = number
		if lowest[shard] == "" {
			lowest[shard] = number
		}
	}
	for _, d := range b.queue.got() {
		info, n := d.KinesisBatchInfo, 0
		for _, r := range b.streams.shard(info.ShardID).records {
			if r.SequenceNumber >= info.StartSequenceNumber && r.SequenceNumber <= info.EndSequenceNumber {
				times[info.ShardID+":"+r.SequenceNumber]++
				n++
			}
		}
		if n != info.BatchSize {
			complain("document %+v covers %d records", info, n)
		}
	}
	for _, shard := range b.streams.shards {
		for _, r := range shard.records {
			if n := times[shard.ID+":"+r.SequenceNumber]; n != 1 {
				complain("record %s:%s (%s) settled %d times", shard.ID, r.SequenceNumber, r.Data, n)
			}
		}
	}
	return append(problems, s.parentsFirst(b)...)
}

// parentsFirst checks that nothing of a child was accepted before the last of
// its parents.
func (s *settledRecords) parentsFirst(b *bench) (problems []string) {
	seen := map[string]bool{}
	for _, key := range s.order {
		id, _, _ := strings.Cut(key, ":")
		seen[id] = true
		for _, shard := range b.streams.shards {
			if slices.Contains(shard.Parents, id) && seen[shard.ID] {
				problems = append(problems, fmt.Sprintf("%s of parent %s accepted after child %s began", key, id, shard.ID))
			}
		}
	}
	return problems
}
