package main

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	alikeShown = 5               // log lines with one message, before they get rare
	chaosShown = 1               // the same where faults make trouble expected
	alikeEvery = 5 * time.Second // how often one of them is shown from then on
)

// sparing keeps a fault that hits every event from burying the verdict: of
// many log lines with the same message it shows the first few, then one now
// and then that says how many were left out.
type sparing struct {
	slog.Handler
	seen *sightings
}

type sightings struct {
	mu    sync.Mutex
	first int               // how many of one message are shown before they get rare
	alike map[string]*alike // by message; messages are constants, so they are few
}

type alike struct {
	shown   int
	leftOut int
	last    time.Time // when the last one was shown
}

func newSparing(h slog.Handler, first int) sparing {
	return sparing{h, &sightings{first: first, alike: map[string]*alike{}}}
}

// Handle passes r on, or counts it.
func (s sparing) Handle(ctx context.Context, r slog.Record) error {
	leftOut, show := s.seen.note(r)
	if !show {
		return nil
	}
	if leftOut > 0 {
		r = r.Clone()
		r.AddAttrs(slog.Int("alikeLeftOut", leftOut))
	}
	return s.Handler.Handle(ctx, r)
}

func (s *sightings) note(r slog.Record) (leftOut int, show bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.alike[r.Message]
	if a == nil {
		a = &alike{}
		s.alike[r.Message] = a
	}
	if a.shown >= s.first && r.Time.Sub(a.last) < alikeEvery {
		a.leftOut++
		return 0, false
	}
	leftOut, a.leftOut = a.leftOut, 0
	a.shown++
	a.last = r.Time
	return leftOut, true
}

// WithAttrs shares the count.
func (s sparing) WithAttrs(attrs []slog.Attr) slog.Handler {
	return sparing{s.Handler.WithAttrs(attrs), s.seen}
}

// WithGroup shares the count.
func (s sparing) WithGroup(name string) slog.Handler {
	return sparing{s.Handler.WithGroup(name), s.seen}
}
