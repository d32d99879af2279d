package window

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Instants an event may have, about 285,000 years around 1970. Events beyond
// them are [OutOfRange]: no sum of instants and durations overflows.
const (
	MinTime int64 = -1 << 53
	MaxTime int64 = 1 << 53
)

// NoWatermark says that nothing is known to be complete; EndOfStream that
// everything is: no event will come any more.
const (
	NoWatermark int64 = math.MinInt64
	EndOfStream int64 = math.MaxInt64
)

// Window is the half-open span [Start, End) in Unix milliseconds.
type Window struct{ Start, End int64 }

// StartTime is Start as a time.
func (w Window) StartTime() time.Time { return time.UnixMilli(w.Start).UTC() }

// EndTime is End as a time.
func (w Window) EndTime() time.Time { return time.UnixMilli(w.End).UTC() }

// Windows says how time is cut. Make one by [Tumbling], [Sliding] or [Session].
type Windows struct {
	size, slide, gap time.Duration
}

// Tumbling cuts time into windows of a size, one after another, aligned to the
// Unix epoch.
func Tumbling(size time.Duration) Windows { return Windows{size: size, slide: size} }

// Sliding has windows of a size begin at every multiple of slide since the Unix
// epoch; an event lies in size/slide of them.
func Sliding(size, slide time.Duration) Windows { return Windows{size: size, slide: slide} }

// Session has a window last while a key's events are less than gap apart. It
// ends gap after its last event. Events exactly gap apart are two sessions: the
// first may have been given out before the second event came.
func Session(gap time.Duration) Windows { return Windows{gap: gap} }

// sizeMax keeps sums of instants and durations far from overflow.
const sizeMax = 10 * 366 * 24 * time.Hour

// Validate says every problem of the windows in one error.
func (w Windows) Validate() error {
	var problems []error
	check := func(name string, d time.Duration) {
		switch {
		case d < time.Millisecond || d > sizeMax:
			problems = append(problems, fmt.Errorf("%s %s is not in 1ms to %s", name, d, sizeMax))
		case d%time.Millisecond != 0:
			problems = append(problems, fmt.Errorf("%s %s is not whole milliseconds", name, d))
		}
	}
	if w.gap != 0 {
		check("session gap", w.gap)
		return errors.Join(problems...)
	}
	check("window size", w.size)
	check("window slide", w.slide)
	if len(problems) == 0 && w.slide > w.size {
		problems = append(problems, fmt.Errorf("window slide %s is more than the size %s: events between windows would be in none", w.slide, w.size))
	}
	return errors.Join(problems...)
}

// String is how the windows are called in errors and in saved state.
func (w Windows) String() string {
	switch {
	case w.gap != 0:
		return fmt.Sprintf("session %s", w.gap)
	case w.size == w.slide:
		return fmt.Sprintf("tumbling %s", w.size)
	default:
		return fmt.Sprintf("sliding %s/%s", w.size, w.slide)
	}
}

// At lists the windows an event would lie in, the earliest first; of a session
// it is the one the event would open alone.
func (w Windows) At(at int64) []Window {
	if w.gap != 0 {
		return []Window{{at, at + w.gap.Milliseconds()}}
	}
	g := newGrid(w, false)
	var all []Window
	for start := floor(at, g.slide) - (g.size-1)/g.slide*g.slide; start <= at; start += g.slide {
		if start+g.size > at {
			all = append(all, Window{start, start + g.size})
		}
	}
	return all
}

// grid is Windows in milliseconds, cut into cells. A cell is what has one
// accumulator: with shared panes the longest span that no window's border
// divides, which all windows over it share; without them a whole window.
type grid struct {
	size, slide, gap int64
	cell             int64 // length of a cell
	shared           bool
}

func newGrid(w Windows, shared bool) grid {
	g := grid{size: w.size.Milliseconds(), slide: w.slide.Milliseconds(), gap: w.gap.Milliseconds()}
	g.shared = shared && g.size != g.slide
	g.cell = g.size
	if g.shared {
		g.cell = divisor(g.size, g.slide)
	}
	return g
}

// divisor is the greatest common one.
func divisor(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// floor is the last multiple of unit that is not after at.
func floor(at, unit int64) int64 {
	rest := at % unit
	if rest < 0 {
		rest += unit
	}
	return at - rest
}

// ceil is the first multiple of unit that is not before at.
func ceil(at, unit int64) int64 { return -floor(-at, unit) }

// unit is what cells start at multiples of.
func (g *grid) unit() int64 {
	if g.shared {
		return g.cell
	}
	return g.slide
}

// firstEnd is the end of the earliest window over a cell.
func (g *grid) firstEnd(start int64) int64 {
	if !g.shared {
		return start + g.size
	}
	return ceil(start+g.cell-g.size, g.slide) + g.size
}

// lastEnd is the end of the last window over a cell.
func (g *grid) lastEnd(start int64) int64 {
	if !g.shared {
		return start + g.size
	}
	return floor(start, g.slide) + g.size
}

// nextEnd is the end of the earliest window over a cell that ends after an
// instant; ok is false if there is none.
func (g *grid) nextEnd(start, after int64) (end int64, ok bool) {
	first := g.firstEnd(start)
	if after < first {
		return first, true
	}
	if after >= g.lastEnd(start) {
		return 0, false
	}
	return first + ((after-first)/g.slide+1)*g.slide, true
}

// isEnd tells whether a window ends at an instant.
func (g *grid) isEnd(at int64) bool { return floor(at-g.size, g.slide) == at-g.size }

// cells is where the cells of the window ending at end start: from lo, before hi.
func (g *grid) cells(end int64) (lo, hi int64) {
	if !g.shared {
		return end - g.size, end - g.size + 1
	}
	return end - g.size, end
}
