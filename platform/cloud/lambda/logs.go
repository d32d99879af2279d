package lambda

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
)

const (
	logLineBytes = 256 << 10 // Lambda's own limit on one log event
	logTailBytes = 4 << 10   // what LogType=Tail returns
	logRingBytes = 256 << 10 // kept for each function
)

// logRing keeps a function's most recent log lines within a byte bound.
type logRing struct {
	mu    sync.Mutex
	lines []string
	bytes int
}

func (r *logRing) add(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, line)
	r.bytes += len(line) + 1
	drop := 0
	for r.bytes > logRingBytes && drop < len(r.lines)-1 {
		r.bytes -= len(r.lines[drop]) + 1
		drop++
	}
	clear(r.lines[:drop])
	r.lines = r.lines[drop:] // append moves what is left when it is out of room, not at every line
}

func (r *logRing) snapshot() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.lines...)
}

// logSink receives the lines of one execution environment: they go to the
// function's ring, to the debug log and to the tail of the invocation in hand.
type logSink struct {
	ring     *logRing
	log      *slog.Logger
	function string

	mu   sync.Mutex
	tail []byte
}

func (s *logSink) line(text []byte) {
	line := string(text)
	s.ring.add(line)
	if s.log.Enabled(context.Background(), slog.LevelDebug) {
		s.log.Debug("function log", "function", s.function, "line", line)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tail = append(append(s.tail, text...), '\n')
	if over := len(s.tail) - logTailBytes; over > 0 {
		s.tail = append(s.tail[:0], s.tail[over:]...)
	}
}

// begin forgets the last invocation's tail.
func (s *logSink) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tail = s.tail[:0]
}

// last is the tail of the invocation in hand.
func (s *logSink) last() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.tail)
}

// lineWriter cuts what it is given into lines. A line longer than
// logLineBytes is emitted in pieces, so memory stays bounded; its last bytes
// are held back so that a barrier mark after it is never cut in two.
type lineWriter struct {
	emit func(line []byte)
	part []byte
}

const heldBack = 64 // longer than a barrier mark

// Write never fails.
func (w *lineWriter) Write(data []byte) (int, error) {
	n := len(data)
	for {
		end := bytes.IndexByte(data, '\n')
		if end < 0 {
			break
		}
		w.emit(append(w.part, data[:end]...))
		w.part, data = w.part[:0], data[end+1:]
	}
	w.part = append(w.part, data...)
	if cut := len(w.part) - heldBack; cut >= logLineBytes {
		w.emit(w.part[:cut])
		w.part = append(w.part[:0], w.part[cut:]...)
	}
	return n, nil
}

// flush emits an unfinished last line.
func (w *lineWriter) flush() {
	if len(w.part) > 0 {
		w.emit(w.part)
		w.part = nil
	}
}
