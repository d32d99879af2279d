package measure

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/weirstream/weir/scenarios/cab/event"
)

// fed is one record of cab-activity.
type fed struct {
	a    *event.Activity
	mark event.Mark
}

const minute = event.Millis(60_000)

// source draws what a partition of cab-telemetry came to: nothing is behind the
// watermark that was told before, and in the end it is told that all is over.
func source(t *rapid.T, run string, number int32) []fed {
	watermark := event.Millis(0)
	all := []fed{{nil, event.Mark{Run: run, Source: number, Watermark: watermark}}}
	for i := range rapid.IntRange(0, 20).Draw(t, "activities") {
		at := watermark + event.Millis(rapid.IntRange(0, 100_000).Draw(t, "after"))
		all = append(all, fed{&event.Activity{
			RunID: run, Cab: fmt.Sprint("cab", rapid.IntRange(0, 3).Draw(t, "cab")), Zone: event.ZoneName(0, rapid.IntRange(0, 2).Draw(t, "zone")),
			EventTime: at, Hired: rapid.Bool().Draw(t, "hired"), PickUp: i%3 == 0, DropOff: i%5 == 0, Gap: int64(i % 2), Schema: 1 + i%2, SpeedKmh: float64(i) / 10,
		}, event.Mark{Run: run, Source: number, Watermark: watermark}})
		watermark += event.Millis(rapid.IntRange(0, 30_000).Draw(t, "on"))
	}
	return append(all, fed{nil, event.Mark{Run: run, Source: number, Watermark: 100 * minute}})
}

// shuffle draws an order in which each source keeps its own.
func shuffle(t *rapid.T, sources [][]fed) (all []fed) {
	for i := range sources { // all are heard before one is far
		all, sources[i] = append(all, sources[i][0]), sources[i][1:]
	}
	for len(sources) > 0 {
		i := rapid.IntRange(0, len(sources)-1).Draw(t, "next")
		all = append(all, sources[i][0])
		if sources[i] = sources[i][1:]; len(sources[i]) == 0 {
			sources = slices.Delete(sources, i, i+1)
		}
	}
	return all
}

// naive counts what each zone and minute holds.
func naive(run string, all []fed) map[string]event.Metrics {
	windows, cabs := map[string]event.Metrics{}, map[string]map[string]bool{}
	for _, f := range all {
		if f.a == nil || f.a.RunID != run {
			continue
		}
		m := event.Metrics{RunID: run, Zone: f.a.Zone, WindowStart: f.a.EventTime / minute * minute, Revision: 1}
		id := m.DocumentID()
		if old, ok := windows[id]; ok {
			m = old
		} else {
			cabs[id] = map[string]bool{}
		}
		count := func(n *int64, is bool) {
			if is {
				*n++
			}
		}
		count(&m.Events, true)
		count(&m.Hired, f.a.Hired)
		count(&m.Free, !f.a.Hired)
		count(&m.PickUps, f.a.PickUp)
		count(&m.DropOffs, f.a.DropOff)
		count(&m.SpeedCount, true)
		count(&m.OldSchema, f.a.Schema < event.Schema)
		m.Missing += f.a.Gap
		m.SpeedSumKmh += f.a.SpeedKmh
		cabs[id][f.a.Cab] = true
		m.ActiveCabs = int64(len(cabs[id]))
		windows[id] = m
	}
	for id, m := range windows {
		for at := m; at.Events > 0 && at.Free == 0; at = windows[at.DocumentID()] {
			m.NoFreeWindows++
			at.WindowStart -= minute
		}
		windows[id] = m
	}
	return windows
}

type disk map[string][]byte

func (d disk) commit(t *rapid.T, p *Partition) {
	err := p.Snapshot(func(key, value []byte) {
		if d[string(key)] = slices.Clone(value); value == nil {
			delete(d, string(key))
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (d disk) pairs() iter.Seq2[[]byte, []byte] {
	return func(yield func([]byte, []byte) bool) {
		for _, key := range slices.Sorted(maps.Keys(d)) {
			if !yield([]byte(key), d[key]) {
				return
			}
		}
	}
}

// TestEveryWindowOnceWhateverIsKilled feeds two runs of several sources, in any
// order and with kills: every window is given once and counts what lies in it.
func TestEveryWindowOnceWhateverIsKilled(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 4).Draw(t, "sources")
		var input []fed
		for _, run := range []string{"r", "s"} {
			var sources [][]fed
			for i := range n {
				sources = append(sources, source(t, run, int32(i)))
			}
			input = append(input, shuffle(t, sources)...)
		}
		make1 := func() *Partition {
			p, err := NewPartition()
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		p, d, at := make1(), disk{}, 0
		got := map[string]event.Metrics{}
		for at < len(input) {
			size := rapid.IntRange(1, len(input)-at).Draw(t, "batch")
			var out []event.Metrics
			for _, f := range input[at : at+size] {
				if err := p.Take(f.a, f.mark, func(m event.Metrics) { out = append(out, m) }); err != nil {
					t.Fatal(err)
				}
			}
			if rapid.Bool().Draw(t, "killed") {
				p = make1()
				if err := p.Restore(d.pairs()); err != nil {
					t.Fatal(err)
				}
				continue
			}
			d.commit(t, p)
			at += size
			for _, m := range out {
				id := m.RunID + m.DocumentID()
				if _, twice := got[id]; twice {
					t.Fatalf("%s twice", id)
				}
				got[id] = m
			}
		}
		if p.Misplaced() > 0 {
			t.Errorf("%d misplaced", p.Misplaced())
		}
		for _, run := range []string{"r", "s"} {
			for id, want := range naive(run, input) {
				m, ok := got[run+id]
				want.SpeedSumKmh = m.SpeedSumKmh // of floats: compared apart
				if !ok || m != want {
					t.Errorf("%s %s: got %+v, want %+v", run, id, m, want)
				}
				delete(got, run+id)
			}
		}
		if len(got) > 0 {
			t.Errorf("windows of nothing: %v", got)
		}
	})
}

func TestFormerRunsDoNotCount(t *testing.T) {
	t.Parallel()
	p, err := NewPartition()
	if err != nil {
		t.Fatal(err)
	}
	var out []event.Metrics
	for _, f := range []fed{
		{&event.Activity{RunID: "r", Zone: "zone-0-0", EventTime: 5 * minute}, event.Mark{Run: "r", Source: 0, Watermark: 5 * minute}},
		{&event.Activity{RunID: "s", Zone: "zone-0-0", EventTime: minute}, event.Mark{Run: "s", Source: 0, Watermark: minute}},
		{&event.Activity{RunID: "r", Zone: "zone-0-0", EventTime: 6 * minute}, event.Mark{Run: "r", Source: 0, Watermark: 60 * minute}},
		{nil, event.Mark{Run: "s", Source: 0, Watermark: 2 * minute}},
	} {
		if err := p.Take(f.a, f.mark, func(m event.Metrics) { out = append(out, m) }); err != nil {
			t.Fatal(err)
		}
	}
	if len(out) != 1 || out[0].RunID != "s" || out[0].Events != 1 || out[0].WindowStart != minute {
		t.Errorf("got %+v", out)
	}
}

// State outlives the program that saved it.
func TestTallyOfAnotherVersionIsRefused(t *testing.T) {
	t.Parallel()
	codec := tallies()
	saved := codec.Append(nil, &tally{events: 3, hired: 2, missing: 1})
	var back tally
	if err := codec.Decode(saved, &back); err != nil || back.events != 3 || back.missing != 1 {
		t.Fatalf("%+v, %v", back, err)
	}
	saved[0]++
	if err := codec.Decode(saved, new(tally)); err == nil || !strings.Contains(err.Error(), event.MeasureStateTopic) {
		t.Errorf("got %v, want the topic to be deleted", err)
	}
}
