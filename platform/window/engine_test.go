package window

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// Whatever comes in whatever order, and however often the engine is put down
// and picked up, it says what the model says, word for word.
func TestEngineAgainstModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawShape(t)
		s.late = ms(rapid.SampledFrom([]int64{0, 3, 10, 20}).Draw(t, "late"))
		var out []string
		e, m := s.engine(t, &out), newModel(s)
		topic := &topic{}
		id := uint64(0)
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				id++
				event := reading{id: id, key: rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "key"), at: rapid.Int64Range(-10, 30).Draw(t, "at"), value: float64(id)}
				if got, want := e.Add(event.key, event.at, event), m.add(event); got != want {
					t.Fatalf("%+v at watermark %d has outcome %d, want %d", event, m.watermark, got, want)
				}
			},
			"advance": func(t *rapid.T) {
				next := max(m.watermark, -10) + rapid.Int64Range(0, 6).Draw(t, "step")
				e.Advance(next)
				m.advance(next)
			},
			"commit": func(t *rapid.T) { topic.append(t, e) },
			"restore": func(t *rapid.T) {
				topic.append(t, e)
				e = s.engine(t, &out)
				if err := e.Restore(topic.all()); err != nil {
					t.Fatal(err)
				}
			},
			"": func(t *rapid.T) {
				if !slices.Equal(out, m.out) {
					t.Fatalf("%s, lateness %s, results:\n%q, want\n%q", s.windows, s.late, out, m.out)
				}
			},
		})
		e.Advance(EndOfStream)
		m.advance(EndOfStream)
		if !slices.Equal(out, m.out) {
			t.Fatalf("%s, lateness %s, results in the end:\n%q, want\n%q", s.windows, s.late, out, m.out)
		}
		if e.Keys() != 0 || e.Cells() != 0 {
			t.Fatalf("%d keys and %d cells are left after the end of the stream", e.Keys(), e.Cells())
		}
		topic.append(t, e)
		if left := topic.compacted(); len(left) != 1 {
			t.Fatalf("the topic keeps %d records after the end of the stream, want the meta record alone: %q", len(left), left)
		}
	})
}

// All orders within the bound give the results that whole windows, computed
// from all events at once, have; each once.
func TestOrderWithinTheBoundDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawShape(t)
		bound := rapid.Int64Range(0, 15).Draw(t, "bound")
		events := drawEvents(t, bound)
		marks, err := NewWatermarks(WatermarksConfig{OutOfOrderness: ms(bound)})
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		e := s.engine(t, &out)
		for _, event := range events {
			marks.Event("p", event.at)
			e.Advance(marks.Current())
			if outcome := e.Add(event.key, event.at, event); outcome != Counted {
				t.Fatalf("%+v at watermark %d has outcome %d though it is within the bound", event, e.Watermark(), outcome)
			}
		}
		e.Advance(EndOfStream)
		if want := wholeWindows(s, events); !slices.Equal(out, want) {
			t.Fatalf("%s, results:\n%q, want\n%q", s.windows, out, want)
		}
	})
}

// wholeWindows is what a batch job over all events would say.
func wholeWindows(s shape, events []reading) []string {
	m := newModel(s)
	for _, event := range events {
		m.add(event) // nothing is late at NoWatermark
	}
	m.advance(EndOfStream)
	return m.out
}
