package main

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/observe"
)

func TestLogSparesRepetition(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	h := newSparing(observe.NewLogger(&out, false).Handler(), alikeShown)
	at := time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC)
	say := func(h slog.Handler, second int, message string) {
		t.Helper()
		r := slog.NewRecord(at.Add(time.Duration(second)*time.Second), slog.LevelWarn, message, 0)
		if err := h.Handle(context.Background(), r); err != nil {
			t.Fatal(err)
		}
	}
	for range 1000 {
		say(h, 0, "throttled")
		say(h.WithAttrs([]slog.Attr{slog.String("shard", "1")}), 0, "throttled")
	}
	say(h, 1, "something else")
	say(h, 6, "throttled")
	say(h, 7, "throttled")
	if n := strings.Count(out.String(), "throttled"); n != alikeShown+1 {
		t.Errorf("%d lines of 2002, want %d:\n%s", n, alikeShown+1, out.String())
	}
	for _, said := range []string{"alikeLeftOut=1995", "something else"} {
		if !strings.Contains(out.String(), said) {
			t.Errorf("lacks %q:\n%s", said, out.String())
		}
	}
}
