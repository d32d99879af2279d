package window

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// sourceModel remembers all a source ever said.
type sourceModel struct {
	marks []int64
	idle  bool
	heard int64 // the Tick that heard it last
	spoke bool
}

// marksModel computes the watermark from scratch each time.
type marksModel struct {
	sources map[string]*sourceModel
	best    int64
}

func (m *marksModel) current() int64 {
	var active, all []int64
	for _, s := range m.sources {
		mark := NoWatermark
		if len(s.marks) > 0 {
			mark = slices.Max(s.marks)
		}
		all = append(all, mark)
		if !s.idle {
			active = append(active, mark)
		}
	}
	switch {
	case len(active) > 0:
		m.best = max(m.best, slices.Min(active))
	case len(all) > 0:
		m.best = max(m.best, slices.Max(all))
	}
	return m.best
}

func (m *marksModel) say(name string, mark int64) {
	if m.sources[name] == nil {
		m.sources[name] = &sourceModel{}
	}
	s := m.sources[name]
	s.marks = append(s.marks, mark)
	s.idle, s.spoke = false, true
}

func TestWatermarksAgainstModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		const bound, idleAfter = 5, 30
		w, err := NewWatermarks(WatermarksConfig{OutOfOrderness: ms(bound), IdleAfter: ms(idleAfter)})
		if err != nil {
			t.Fatal(err)
		}
		m := &marksModel{sources: map[string]*sourceModel{}, best: NoWatermark}
		name := rapid.SampledFrom([]string{"0", "1", "2"})
		now := int64(0)
		t.Repeat(map[string]func(*rapid.T){
			"event": func(t *rapid.T) {
				source, at := name.Draw(t, "source"), rapid.Int64Range(-50, 100).Draw(t, "at")
				w.Event(source, at)
				m.say(source, at-bound)
			},
			"mark": func(t *rapid.T) {
				source, mark := name.Draw(t, "source"), rapid.Int64Range(-50, 100).Draw(t, "mark")
				w.Mark(source, mark)
				m.say(source, mark)
			},
			"assign": func(t *rapid.T) {
				source := name.Draw(t, "source")
				w.Assign(source)
				if m.sources[source] == nil {
					m.sources[source] = &sourceModel{spoke: true}
				}
			},
			"revoke": func(t *rapid.T) {
				source := name.Draw(t, "source")
				w.Revoke(source)
				delete(m.sources, source)
			},
			"idle": func(t *rapid.T) {
				source := name.Draw(t, "source")
				w.Idle(source)
				if s := m.sources[source]; s != nil {
					s.idle = true
				}
			},
			"tick": func(t *rapid.T) {
				now += 10 * rapid.Int64Range(0, 2).Draw(t, "later")
				w.Tick(now)
				for _, s := range m.sources {
					if s.spoke {
						s.heard, s.spoke = now, false
					}
					s.idle = s.idle || now-s.heard >= idleAfter
				}
			},
			"restore": func(t *rapid.T) {
				w = again(t, w)
				for _, s := range m.sources {
					s.spoke = s.spoke || !s.idle
				}
			},
			"": func(t *rapid.T) {
				if got, want := w.Current(), m.current(); got != want {
					t.Fatalf("the watermark is %d, want %d", got, want)
				}
			},
		})
	})
}

// again is watermarks restored from their own state.
func again(t *rapid.T, w *Watermarks) *Watermarks {
	state, err := w.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	restored := &Watermarks{cfg: w.cfg, bound: w.bound}
	if err := restored.UnmarshalBinary(state); err != nil {
		t.Fatal(err)
	}
	if written, err := restored.MarshalBinary(); err != nil || !bytes.Equal(written, state) {
		t.Fatalf("%x is read and written as %x, %v", state, written, err)
	}
	return restored
}

func TestWatermarksRefuseDamagedState(t *testing.T) {
	t.Parallel()
	w, err := NewWatermarks(WatermarksConfig{})
	if err != nil {
		t.Fatal(err)
	}
	w.Mark("0", 7)
	w.Assign("1")
	w.Idle("1")
	state, err := w.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	for bit := range len(state) * 8 {
		damaged := slices.Clone(state)
		damaged[bit/8] ^= 1 << (bit % 8)
		if err := w.UnmarshalBinary(damaged); !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrNewer) {
			t.Fatalf("with bit %d turned: %v", bit, err)
		}
	}
	if mark, ok := w.Of("0"); w.Current() != 7 || mark != 7 || !ok {
		t.Errorf("refused state has changed the watermarks: %d, %d", w.Current(), mark)
	}
}

func TestEventsOutOfRangeMoveNoWatermark(t *testing.T) {
	t.Parallel()
	w, err := NewWatermarks(WatermarksConfig{OutOfOrderness: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	w.Event("0", 2000)
	w.Event("0", MaxTime+1)
	w.Event("0", MinTime-1)
	if got := w.Current(); got != 1000 {
		t.Errorf("the watermark is %d, want 1000", got)
	}
}
