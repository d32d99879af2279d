package window

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Config says what an engine computes; K is the key, E the event and A the
// accumulator, whose zero value has no events.
type Config[K comparable, E, A any] struct {
	// Name begins every key of saved state, so that several engines can share a
	// compacted topic; "" means "window". It must not contain a slash.
	Name    string
	Windows Windows
	// AllowedLateness is how long after its end a window still counts events and
	// revises its result; 0 gives each result once. It says nothing about how
	// long to wait for the first result: the watermark does.
	AllowedLateness time.Duration
	// Add counts an event. The engine calls it once for each accumulator the
	// event lies in.
	Add func(into *A, event E)
	// Merge adds what from has counted and must neither change nor keep from. It
	// must not matter which events are added and which merged. Sessions need it;
	// sliding windows share panes with it and count each event once; without it
	// they count an event in each window.
	Merge func(into, from *A)
	// Emit receives each result. It must not call the engine, nor change or keep
	// Value.
	Emit func(Result[K, A])
	// Keys writes keys as bytes, whose order is the order of results.
	Keys Codec[K]
	// State writes accumulators as bytes; without it the engine has no Changes.
	State Codec[A]
}

// Validate says every problem of the config in one error.
func (c *Config[K, E, A]) Validate() error {
	var problems []error
	require := func(ok bool, problem string) {
		if !ok {
			problems = append(problems, errors.New(problem))
		}
	}
	if err := c.Windows.Validate(); err != nil {
		problems = append(problems, err)
	}
	require(!strings.Contains(c.Name, "/"), fmt.Sprintf("Name %q contains a slash", c.Name))
	late := c.AllowedLateness
	require(late >= 0 && late <= sizeMax && late%time.Millisecond == 0, fmt.Sprintf("AllowedLateness %s is not whole milliseconds in 0 to %s", late, sizeMax))
	require(c.Add != nil, "Add is missing")
	require(c.Emit != nil, "Emit is missing")
	require(c.Merge != nil || c.Windows.gap == 0, "Merge is missing: sessions grow together")
	require(c.Keys.complete(), "Keys lacks Append or Decode")
	require(c.State.complete() || c.State.Append == nil && c.State.Decode == nil, "State lacks Append or Decode")
	return errors.Join(problems...)
}

// Result is what a window of a key came to. A result is identified by its key
// and Window.Start; of two with the same identity the higher Revision counts.
type Result[K comparable, A any] struct {
	Key    K
	Window Window
	// Revision is 0 for a first result and one more for each that replaces it,
	// which only happens with AllowedLateness.
	Revision uint32
	// Retracted takes the result back, because the session it was of has grown
	// into another one that begins elsewhere; Value is nil.
	Retracted bool
	// Value is the engine's own: valid until Emit returns, and not to be changed.
	Value *A
}

// Outcome says what Add did with an event.
type Outcome uint8

const (
	// Counted events are in every window they lie in.
	Counted Outcome = iota + 1
	// Partly counted events came too late for the earliest of their sliding windows.
	Partly
	// Late events came too late for all of their windows and count nowhere.
	Late
	// OutOfRange events are not between MinTime and MaxTime and count nowhere.
	OutOfRange
)

// Engine computes windows by key. It keeps one accumulator for each key and
// open window (sliding windows with Merge: pane), nothing for events. It is for
// one goroutine.
type Engine[K comparable, E, A any] struct {
	cfg       Config[K, E, A]
	grid      grid
	late      int64 // AllowedLateness in milliseconds
	entries   map[K]*entry[K, A]
	due       schedule[K, A]
	watermark int64
	log       changeLog[K, A]
	scratch   A   // where panes are merged
	most      int // keys since entries was made
}

// New checks cfg and returns an engine without state.
func New[K comparable, E, A any](cfg Config[K, E, A]) (*Engine[K, E, A], error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("window config: %w", err)
	}
	if cfg.Name == "" {
		cfg.Name = "window"
	}
	e := &Engine[K, E, A]{
		cfg: cfg, grid: newGrid(cfg.Windows, cfg.Merge != nil), late: cfg.AllowedLateness.Milliseconds(),
		entries: map[K]*entry[K, A]{}, watermark: NoWatermark,
	}
	e.log.on = cfg.State.complete()
	return e, nil
}

// Watermark is the highest that Advance was told.
func (e *Engine[K, E, A]) Watermark() int64 { return e.watermark }

// Keys is how many keys have open windows.
func (e *Engine[K, E, A]) Keys() int { return len(e.entries) }

// Cells is how many accumulators the engine holds.
func (e *Engine[K, E, A]) Cells() (n int) {
	for _, k := range e.entries {
		n += len(k.cells)
	}
	return n
}

// Add counts an event. If a window's result was given before and AllowedLateness
// is not over, the next revision is emitted at once.
func (e *Engine[K, E, A]) Add(key K, at int64, event E) Outcome {
	if at < MinTime || at > MaxTime {
		return OutOfRange
	}
	if e.grid.gap != 0 {
		return e.addToSession(key, at, event)
	}
	last := floor(at, e.grid.slide)
	first := last
	if e.grid.shared {
		first = floor(at, e.grid.cell)
		last = first
	} else if e.grid.slide != e.grid.size {
		first = floor(at-e.grid.size, e.grid.slide) + e.grid.slide
	}
	if e.grid.lastEnd(last)+e.late <= e.watermark {
		return Late
	}
	k := e.entry(key)
	outcome := Counted
	for start := first; start <= last; start += e.grid.slide {
		if e.grid.lastEnd(start)+e.late <= e.watermark {
			outcome = Partly
			continue
		}
		if !e.addToCell(k, start, event) {
			outcome = Partly
		}
	}
	return outcome
}

// addToCell counts an event in one cell and revises the windows over it that
// have given their result. It tells whether no window over the cell is gone.
func (e *Engine[K, E, A]) addToCell(k *entry[K, A], start int64, event E) bool {
	i, found := k.find(start)
	if !found {
		k.insert(i, cell[A]{start: start})
		if end, ok := e.grid.nextEnd(start, e.watermark); ok {
			e.due.sooner(k, end)
		} else {
			e.due.sooner(k, e.grid.lastEnd(start)+e.late)
		}
	}
	e.cfg.Add(&k.cells[i].acc, event)
	e.log.touch(k, &k.cells[i].mark)
	first := e.grid.firstEnd(start)
	if first > e.watermark {
		return true
	}
	for end := first; end <= e.watermark && end <= e.grid.lastEnd(start); end += e.grid.slide {
		if end+e.late > e.watermark {
			e.give(k, end)
		}
	}
	return first+e.late > e.watermark
}

// entry finds or makes what is kept of a key.
func (e *Engine[K, E, A]) entry(key K) *entry[K, A] {
	k := e.entries[key]
	if k == nil {
		k = &entry[K, A]{key: key, bytes: string(e.cfg.Keys.Append(nil, &key)), place: unscheduled}
		e.entries[key] = k
	}
	return k
}
