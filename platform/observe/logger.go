package observe

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
)

// NewLogger logs for people: one line per record, level first, the message
// unquoted, then key=value. Warnings and worse, or everything if verbose.
func NewLogger(w io.Writer, verbose bool) *slog.Logger {
	level := slog.LevelWarn
	if verbose {
		level = slog.LevelDebug
	}
	sink := &sink{w: w}
	attrs := slog.NewTextHandler(&sink.attrs, &slog.HandlerOptions{Level: level, ReplaceAttr: onlyAttrs})
	return slog.New(&handler{sink: sink, attrs: attrs})
}

// sink is shared by a handler and all derived from it.
type sink struct {
	mu    sync.Mutex
	attrs bytes.Buffer // what the text handler wrote of the record at hand
	line  []byte
	w     io.Writer
}

// handler leaves the quoting of attributes to slog's text handler.
type handler struct {
	sink  *sink
	attrs slog.Handler
}

func onlyAttrs(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && slices.Contains([]string{slog.TimeKey, slog.LevelKey, slog.MessageKey}, a.Key) {
		return slog.Attr{}
	}
	return a
}

func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.attrs.Enabled(ctx, level)
}

func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	s := h.sink
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attrs.Reset()
	if err := h.attrs.Handle(ctx, r); err != nil {
		return err
	}
	s.line = fmt.Appendf(s.line[:0], "%s %-5s %s", r.Time.Format("15:04:05.000"), r.Level, r.Message)
	if s.attrs.Len() > 1 { // more than its newline
		s.line = append(s.line, "  "...)
	}
	s.line = append(s.line, s.attrs.Bytes()...)
	_, err := s.w.Write(s.line)
	return err
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &handler{sink: h.sink, attrs: h.attrs.WithAttrs(attrs)}
}

func (h *handler) WithGroup(name string) slog.Handler {
	return &handler{sink: h.sink, attrs: h.attrs.WithGroup(name)}
}
