package window

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestConfigSaysAllProblems(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*Config[string, reading, tally])
		want   []string // parts of the error; none means the config is good
	}{
		{"good", func(*Config[string, reading, tally]) {}, nil},
		{"no state", func(c *Config[string, reading, tally]) { c.State = Codec[tally]{} }, nil},
		{"nothing", func(c *Config[string, reading, tally]) { *c = Config[string, reading, tally]{} }, []string{"window size", "window slide", "Add", "Emit", "Keys"}},
		{"negative", func(c *Config[string, reading, tally]) { c.Windows = Tumbling(-time.Second) }, []string{"window size -1s"}},
		{"fraction", func(c *Config[string, reading, tally]) { c.Windows = Sliding(time.Second, 1500*time.Microsecond) }, []string{"slide 1.5ms is not whole"}},
		{"gaps", func(c *Config[string, reading, tally]) { c.Windows = Sliding(time.Second, 2*time.Second) }, []string{"slide 2s is more than the size"}},
		{"long", func(c *Config[string, reading, tally]) { c.Windows = Session(2 * sizeMax) }, []string{"session gap"}},
		{"session without merge", func(c *Config[string, reading, tally]) { c.Windows, c.Merge = Session(time.Second), nil }, []string{"Merge is missing"}},
		{"half a codec", func(c *Config[string, reading, tally]) { c.State.Decode = nil }, []string{"State lacks"}},
		{"slash", func(c *Config[string, reading, tally]) { c.Name = "a/b" }, []string{`Name "a/b"`}},
		{"lateness", func(c *Config[string, reading, tally]) { c.AllowedLateness = -time.Second }, []string{"AllowedLateness -1s"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			cfg := shape{windows: Tumbling(time.Minute), merge: true}.config(func(Result[string, tally]) {})
			c.change(&cfg)
			_, err := New(cfg)
			if (err == nil) != (c.want == nil) {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
		})
	}
	if _, err := NewWatermarks(WatermarksConfig{OutOfOrderness: -1, IdleAfter: -1}); err == nil ||
		!strings.Contains(err.Error(), "OutOfOrderness") || !strings.Contains(err.Error(), "IdleAfter") {
		t.Errorf("watermarks with negative limits: %v", err)
	}
}

// A window is one an event lies in if it has the size, starts at a multiple of
// the slide and spans the event: all that are near are tried.
func TestWindowsOfAnEvent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Int64Range(1, 30).Draw(t, "size")
		slide := rapid.Int64Range(1, size).Draw(t, "slide")
		at := rapid.Int64Range(-100, 100).Draw(t, "at")
		var want []Window
		for start := at - 2*size; start <= at+2*size; start++ {
			if start%slide == 0 && start <= at && at < start+size {
				want = append(want, Window{start, start + size})
			}
		}
		if got := Sliding(ms(size), ms(slide)).At(at); !slices.Equal(got, want) {
			t.Fatalf("%d lies in %v, want %v", at, got, want)
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.Int64Range(1, 30).Draw(t, "size")
		w := Sliding(ms(size), ms(rapid.Int64Range(1, size).Draw(t, "slide")))
		at, after := rapid.Int64Range(-100, 100).Draw(t, "at"), rapid.Int64Range(-150, 150).Draw(t, "after")
		g := newGrid(w, true)
		windows, cell := w.At(at), floor(at, g.unit())
		if g.firstEnd(cell) != windows[0].End || g.lastEnd(cell) != windows[len(windows)-1].End {
			t.Fatalf("windows over pane %d of %s end from %d to %d, want %v", cell, w, g.firstEnd(cell), g.lastEnd(cell), windows)
		}
		end, ok := g.nextEnd(cell, after)
		if i := slices.IndexFunc(windows, func(w Window) bool { return w.End > after }); ok != (i >= 0) || ok && end != windows[i].End {
			t.Fatalf("the first window over pane %d of %s after %d ends at %d, %t, want one of %v", cell, w, after, end, ok, windows)
		}
	})
	if got := Session(ms(5)).At(7); !slices.Equal(got, []Window{{7, 12}}) {
		t.Errorf("an event opens the sessions %v", got)
	}
}

func TestWindowsAlignToTheEpoch(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 21, 10, 0, 59, 999e6, time.UTC)
	w := Tumbling(time.Minute).At(at.UnixMilli())
	start := at.Truncate(time.Minute)
	if len(w) != 1 || !w[0].StartTime().Equal(start) || !w[0].EndTime().Equal(start.Add(time.Minute)) {
		t.Errorf("%s lies in %v", at, w)
	}
}

// Instants at the ends of what is allowed neither overflow nor get lost.
func TestEventsAtTheEndsOfTime(t *testing.T) {
	t.Parallel()
	for _, s := range []shape{
		{windows: Tumbling(sizeMax)},
		{windows: Sliding(sizeMax, ms(86_400_001)), merge: true},
		{windows: Session(sizeMax), merge: true, late: sizeMax},
	} {
		var out []string
		e := s.engine(t, &out)
		for _, at := range []int64{MinTime - 1, MaxTime + 1, -1 << 63, 1<<63 - 1} {
			if outcome := e.Add("a", at, reading{}); outcome != OutOfRange {
				t.Errorf("an event at %d has outcome %d", at, outcome)
			}
		}
		for _, at := range []int64{MinTime, MaxTime} {
			if outcome := e.Add("a", at, reading{}); outcome != Counted {
				t.Errorf("an event at %d has outcome %d", at, outcome)
			}
			changes, err := e.Changes(nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.engine(t, &out).Restore(sequence(changes)); err != nil {
				t.Errorf("%s with an event at %d: %v", s.windows, at, err)
			}
			// A second event keeps a key with two cells from the first restore.
			e = s.engine(t, &out)
		}
		e.Add("a", MinTime, reading{})
		e.Add("a", MaxTime, reading{})
		out = nil
		e.Advance(EndOfStream)
		windows := 0
		for _, at := range []int64{MinTime, MaxTime} {
			windows += len(s.windows.At(at))
		}
		if len(out) != windows {
			t.Errorf("%s: %d results, want %d", s.windows, len(out), windows)
		}
		if outcome := e.Add("a", MaxTime, reading{}); outcome != Late {
			t.Errorf("an event after the end of the stream has outcome %d", outcome)
		}
	}
}
