package window

import (
	"cmp"
	"slices"

	"pgregory.net/rapid"
)

// model does what an engine should with no thought for time or memory: it keeps
// every event of every window and looks through all of them each time.
type model struct {
	shape     shape
	watermark int64
	open      []*span
	out       []string
}

// span is a window of a key with all its events.
type span struct {
	key     string
	window  Window
	events  []reading
	results uint32
}

func newModel(s shape) *model { return &model{shape: s, watermark: NoWatermark} }

func (m *model) late() int64 { return m.shape.late.Milliseconds() }

func (m *model) give(s *span) {
	var sum tally
	for _, event := range s.events {
		sum.add(event)
	}
	m.out = append(m.out, text(s.key, s.window, s.results, &sum))
	s.results++
}

func (m *model) add(event reading) Outcome {
	if m.shape.windows.gap != 0 {
		return m.addToSession(event)
	}
	windows := m.shape.windows.At(event.at)
	gone := 0
	for _, w := range windows {
		if w.End+m.late() <= m.watermark {
			gone++
			continue
		}
		i := slices.IndexFunc(m.open, func(s *span) bool { return s.key == event.key && s.window == w })
		if i < 0 {
			i = len(m.open)
			m.open = append(m.open, &span{key: event.key, window: w})
		}
		m.open[i].events = append(m.open[i].events, event)
		if w.End <= m.watermark {
			m.give(m.open[i])
		}
	}
	switch gone {
	case 0:
		return Counted
	case len(windows):
		return Late
	default:
		return Partly
	}
}

func (m *model) addToSession(event reading) Outcome {
	own := m.shape.windows.At(event.at)[0]
	var touched []*span
	for _, s := range m.open {
		if s.key == event.key && s.window.Start < own.End && own.Start < s.window.End {
			touched = append(touched, s)
		}
	}
	if len(touched) == 0 && own.End+m.late() <= m.watermark {
		return Late
	}
	slices.SortFunc(touched, func(a, b *span) int { return cmp.Compare(a.window.Start, b.window.Start) })
	joined := &span{key: event.key, window: own}
	for _, s := range touched {
		joined.window.Start = min(joined.window.Start, s.window.Start)
		joined.window.End = max(joined.window.End, s.window.End)
	}
	for _, s := range touched {
		joined.events = append(joined.events, s.events...)
		if s.window.Start == joined.window.Start {
			joined.results = s.results
		} else if s.results > 0 {
			m.out = append(m.out, text(s.key, s.window, s.results, nil))
		}
	}
	m.open = slices.DeleteFunc(m.open, func(s *span) bool { return slices.Contains(touched, s) })
	joined.events = append(joined.events, event)
	m.open = append(m.open, joined)
	if joined.window.End <= m.watermark {
		m.give(joined)
	}
	return Counted
}

func (m *model) advance(watermark int64) {
	if watermark <= m.watermark {
		return
	}
	slices.SortFunc(m.open, func(a, b *span) int {
		return cmp.Or(cmp.Compare(a.window.End, b.window.End), cmp.Compare(a.key, b.key))
	})
	for _, s := range m.open {
		if s.window.End > m.watermark && s.window.End <= watermark {
			m.give(s)
		}
	}
	m.watermark = watermark
	m.open = slices.DeleteFunc(m.open, func(s *span) bool { return s.window.End+m.late() <= watermark })
}

// drawShape draws windows of a few milliseconds, so that events meet often.
func drawShape(t *rapid.T) shape {
	s := shape{merge: rapid.Bool().Draw(t, "merge")}
	size := rapid.Int64Range(1, 12).Draw(t, "size")
	switch rapid.IntRange(0, 2).Draw(t, "kind") {
	case 0:
		s.windows = Tumbling(ms(size))
	case 1:
		s.windows = Sliding(ms(size), ms(rapid.Int64Range(1, size).Draw(t, "slide")))
	default:
		s.windows, s.merge = Session(ms(size)), true
	}
	return s
}

// drawEvents draws a log in which no event is further behind the latest before
// it than bound.
func drawEvents(t *rapid.T, bound int64) []reading {
	now := rapid.Int64Range(-40, 40).Draw(t, "first")
	events := make([]reading, rapid.IntRange(0, 60).Draw(t, "events"))
	for i := range events {
		now += rapid.Int64Range(0, 4).Draw(t, "step")
		events[i] = reading{
			id: uint64(i), key: rapid.SampledFrom([]string{"", "a", "ab", "b"}).Draw(t, "key"),
			at: now - rapid.Int64Range(0, bound).Draw(t, "behind"), value: float64(rapid.IntRange(-3000, 3000).Draw(t, "value")) / 8,
		}
	}
	return events
}
