package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/weirstream/weir/platform/scenario"
)

// screen shows the progress of runs: on a terminal one block, redrawn in
// place; elsewhere one line per scenario and second, and one when a fault
// begins and when it has been recovered from.
type screen struct {
	out     io.Writer
	width   func() int // of the terminal, now; nil where there is none
	height  func() int // of the terminal, now; 0 if it does not say
	colours bool

	mu      sync.Mutex
	latest  map[string]scenario.Progress
	drawn   []string // lines of the block on the terminal
	printed map[string]time.Duration
	phases  map[string]scenario.Phase
	faults  map[string]map[int]scenario.FaultState // as printed, by number, elsewhere than on a terminal
	closed  bool
}

func newScreen(out io.Writer, scenarios int) *screen {
	s := &screen{
		out: out, latest: make(map[string]scenario.Progress, scenarios),
		printed: map[string]time.Duration{}, phases: map[string]scenario.Phase{},
		faults: map[string]map[int]scenario.FaultState{}, height: func() int { return 0 },
	}
	if isTerminal(out) && os.Getenv("TERM") != "dumb" {
		s.width = func() int { return columns(out) }
		s.height = func() int { return lines(out) }
		s.colours = lookOf(out).colours
	}
	return s
}

func (s *screen) update(p scenario.Progress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.latest[p.Scenario] = p
	if s.width != nil {
		s.draw(nil)
		return
	}
	s.tellFaults(p)
	if p.Phase != s.phases[p.Scenario] || p.Elapsed-s.printed[p.Scenario] >= time.Second {
		s.phases[p.Scenario], s.printed[p.Scenario] = p.Phase, p.Elapsed
		fmt.Fprintln(s.out, progressLine(p))
	}
}

// Write puts log lines above the block. What logs to the same terminal must
// come through here, or the block would be drawn over it.
func (s *screen) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.width == nil || s.closed {
		return s.out.Write(text)
	}
	s.draw(text)
	return len(text), nil
}

// draw replaces the block: it goes back over what is there, however the
// terminal has wrapped it since, clears from there on and writes anew. The
// carriage return matters: a typed ^C leaves the cursor behind its echo.
func (s *screen) draw(above []byte) {
	l := look{width: s.width(), colours: s.colours}
	var b strings.Builder
	b.WriteByte('\r')
	if rows := rowsOf(s.drawn, l.width); rows > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", rows)
	}
	b.WriteString("\x1b[J")
	b.Write(above)
	s.drawn = nil
	for _, name := range sortedKeys(s.latest) {
		for _, line := range progressBlock(s.latest[name]) {
			s.drawn = append(s.drawn, l.fold(line, 2)...)
		}
	}
	s.drawn = s.drawn[:fitting(s.drawn, l.width, s.height()-1)]
	for _, line := range s.drawn {
		b.WriteString(l.paintMark(line) + "\n")
	}
	_, _ = io.WriteString(s.out, b.String())
}

// rowsOf is how many rows lines take at a width.
func rowsOf(lines []string, width int) int {
	rows := len(lines)
	for _, line := range lines {
		if n := utf8.RuneCountInString(line); width > 0 && n > 0 {
			rows += (n - 1) / width
		}
	}
	return rows
}

// fitting is how many of lines fit into so many rows: what has scrolled off the
// top could not be drawn over. A terminal that does not say how high it is gets all.
func fitting(lines []string, width, rows int) int {
	n := len(lines)
	for rows > 0 && n > 1 && rowsOf(lines[:n], width) > rows {
		n--
	}
	return n
}

// close leaves the last block on the screen and ignores later updates.
func (s *screen) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
}
