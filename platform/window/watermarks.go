package window

import (
	"errors"
	"fmt"
	"time"
)

// WatermarksConfig sets a Watermarks' limits; zero fields mean none.
type WatermarksConfig struct {
	// OutOfOrderness is how far an event may be behind the latest of its source:
	// a source's watermark is its latest event time less this.
	OutOfOrderness time.Duration
	// IdleAfter is how long a source says nothing until it holds nobody up any
	// more, by the instants that Tick is told; 0 means it always holds up.
	IdleAfter time.Duration
}

// Validate says every problem of the config in one error.
func (c *WatermarksConfig) Validate() error {
	var problems []error
	if d := c.OutOfOrderness; d < 0 || d > sizeMax || d%time.Millisecond != 0 {
		problems = append(problems, fmt.Errorf("OutOfOrderness %s is not whole milliseconds in 0 to %s", d, sizeMax))
	}
	if c.IdleAfter < 0 {
		problems = append(problems, fmt.Errorf("IdleAfter %s is negative", c.IdleAfter))
	}
	return errors.Join(problems...)
}

// Watermarks joins the watermarks of sources, such as partitions or shards, to
// one: the least of those that are not idle, or, if all are, the greatest. It
// never goes back. A source that was assigned and said nothing yet holds the
// watermark where it is, so all sources there are must be assigned before the
// first event. A source that comes back from being idle may be behind the
// watermark; what it then brings is for the engine to count or to call late.
//
// It is for one goroutine. Event times are trusted: a device whose clock is
// ahead must be refused before, or it makes everybody else late.
type Watermarks struct {
	cfg     WatermarksConfig
	bound   int64
	sources map[string]*source
	current int64
}

// source is what is known of one source.
type source struct {
	watermark int64
	idle      bool
	spoke     bool  // since the last Tick
	since     int64 // the Tick that heard it last
}

// NewWatermarks checks cfg and returns watermarks without sources.
func NewWatermarks(cfg WatermarksConfig) (*Watermarks, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("watermarks config: %w", err)
	}
	return &Watermarks{cfg: cfg, bound: cfg.OutOfOrderness.Milliseconds(), sources: map[string]*source{}, current: NoWatermark}, nil
}

// Current is the watermark of all sources, NoWatermark as long as one that is
// not idle has said nothing.
func (w *Watermarks) Current() int64 { return w.current }

// Of is the watermark of one source; ok is false if there is no such source.
func (w *Watermarks) Of(name string) (watermark int64, ok bool) {
	s := w.sources[name]
	if s == nil {
		return NoWatermark, false
	}
	return s.watermark, true
}

// Assign adds a source, which counts as active. One that is known stays as it is.
func (w *Watermarks) Assign(name string) {
	if w.sources[name] == nil {
		w.sources[name] = &source{watermark: NoWatermark, spoke: true}
	}
}

// Revoke removes a source; it holds nobody up any more.
func (w *Watermarks) Revoke(name string) {
	delete(w.sources, name)
	w.join()
}

// Event tells that a source brought an event of a time. Times beyond MinTime
// and MaxTime are ignored. A source that was not assigned is from now on.
func (w *Watermarks) Event(name string, at int64) {
	if at >= MinTime && at <= MaxTime {
		w.Mark(name, at-w.bound)
	}
}

// Mark tells that a source declared a watermark of its own, which OutOfOrderness
// does not touch. A lower one than before only shows that the source is alive.
func (w *Watermarks) Mark(name string, watermark int64) {
	s := w.sources[name]
	if s == nil {
		s = &source{watermark: NoWatermark}
		w.sources[name] = s
	}
	s.spoke = true
	held := s.watermark <= w.current // only then can the least of all rise
	s.idle = false
	if watermark > s.watermark {
		s.watermark = watermark
		if held {
			w.join()
		}
	}
}

// Idle tells that a source has nothing to say until its next Event or Mark.
func (w *Watermarks) Idle(name string) {
	if s := w.sources[name]; s != nil && !s.idle {
		s.idle = true
		w.join()
	}
}

// Tick tells the time, from any clock that goes on while events do not come:
// sources that said nothing for IdleAfter become idle. Which do depends on when
// Tick is called, not on the input alone.
func (w *Watermarks) Tick(now int64) {
	if w.cfg.IdleAfter == 0 {
		return
	}
	changed := false
	for _, s := range w.sources {
		switch {
		case s.spoke:
			s.spoke, s.since = false, now
		case !s.idle && now-s.since >= w.cfg.IdleAfter.Milliseconds():
			s.idle, changed = true, true
		}
	}
	if changed {
		w.join()
	}
}

// join raises the watermark to what the sources allow.
func (w *Watermarks) join() {
	least, greatest, active := EndOfStream, NoWatermark, false
	for _, s := range w.sources {
		greatest = max(greatest, s.watermark)
		if !s.idle {
			active = true
			least = min(least, s.watermark)
		}
	}
	if !active {
		least = greatest
	}
	w.current = max(w.current, least)
}
