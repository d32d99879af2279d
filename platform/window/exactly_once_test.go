package window

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// partition is one input partition with what lies committed beside it: results,
// state and position change together or not at all.
type partition struct {
	events   []reading
	position int
	topic    topic
	results  []string
	// sources is the state of the watermarks.
	sources []byte
}

// worker is a process that works on a partition.
type worker struct {
	engine  *Engine[string, reading, tally]
	marks   *Watermarks
	results []string
}

func startWorker(t *rapid.T, s shape, bound int64, p *partition) *worker {
	w := &worker{}
	w.engine = s.engine(t, &w.results)
	if err := w.engine.Restore(p.topic.all()); err != nil {
		t.Fatal(err)
	}
	marks, err := NewWatermarks(WatermarksConfig{OutOfOrderness: ms(bound)})
	if err != nil {
		t.Fatal(err)
	}
	w.marks = marks
	if p.sources != nil {
		if err := w.marks.UnmarshalBinary(p.sources); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// batch works on so many events; committed is false if the process was killed
// after all work and just before the transaction ended.
func (w *worker) batch(t *rapid.T, p *partition, events []reading, committed bool) {
	for _, event := range events {
		w.marks.Event("p", event.at)
		if outcome := w.engine.Add(event.key, event.at, event); outcome != Counted {
			t.Fatalf("%+v has outcome %d though it is within the bound", event, outcome)
		}
	}
	w.engine.Advance(w.marks.Current())
	changes, err := w.engine.Changes(nil)
	if err != nil {
		t.Fatal(err)
	}
	sources, err := w.marks.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if committed {
		p.topic.records = append(p.topic.records, changes...)
		p.results = append(p.results, w.results...)
		p.position += len(events)
		p.sources = sources
	}
	w.results = nil
}

// compact has the topic forget some of what later records replace.
func (p *partition) compact(t *rapid.T) {
	latest := map[string]int{}
	for i, r := range p.topic.records {
		latest[string(r.Key)] = i
	}
	var kept []Change
	for i, r := range p.topic.records {
		if latest[string(r.Key)] == i && r.Value == nil && rapid.Bool().Draw(t, "tombstone gone") {
			continue
		}
		if latest[string(r.Key)] == i || rapid.IntRange(0, 3).Draw(t, "not compacted yet") == 0 && !p.deletedAfter(i) {
			kept = append(kept, r)
		}
	}
	p.topic.records = kept
}

// deletedAfter tells whether a tombstone follows, without which the record must
// not be kept.
func (p *partition) deletedAfter(i int) bool {
	return slices.ContainsFunc(p.topic.records[i+1:], func(r Change) bool {
		return r.Value == nil && string(r.Key) == string(p.topic.records[i].Key)
	})
}

// However the log is cut into batches, wherever the process is killed and
// whatever compaction leaves: each result comes once, and is the batch job's.
func TestKillsChangeNoResult(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawShape(t)
		bound := rapid.Int64Range(0, 15).Draw(t, "bound")
		p := &partition{events: drawEvents(t, bound)}
		w := startWorker(t, s, bound, p)
		for p.position < len(p.events) {
			rest := p.events[p.position:]
			killed := rapid.IntRange(0, 3).Draw(t, "killed") == 0
			w.batch(t, p, rest[:rapid.IntRange(1, len(rest)).Draw(t, "batch")], !killed)
			if rapid.IntRange(0, 3).Draw(t, "compacted") == 0 {
				p.compact(t)
			}
			if killed || rapid.IntRange(0, 3).Draw(t, "moved") == 0 {
				w = startWorker(t, s, bound, p)
			}
		}
		w.engine.Advance(EndOfStream)
		p.results = append(p.results, w.results...)
		if want := wholeWindows(s, p.events); !slices.Equal(p.results, want) {
			t.Fatalf("%s, results:\n%q, want\n%q", s.windows, p.results, want)
		}
	})
}
