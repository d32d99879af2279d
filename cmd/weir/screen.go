package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/weirstream/weir/platform/scenario"
)

// screen shows the progress of runs: on a terminal one block, redrawn in
// place; elsewhere one line per scenario and second.
type screen struct {
	out   io.Writer
	width func() int // of the terminal, now; nil where there is none

	mu      sync.Mutex
	latest  map[string]scenario.Progress
	drawn   []string // lines of the block on the terminal
	printed map[string]time.Duration
	phases  map[string]scenario.Phase
	closed  bool
}

func newScreen(out io.Writer, scenarios int) *screen {
	s := &screen{
		out: out, latest: make(map[string]scenario.Progress, scenarios),
		printed: map[string]time.Duration{}, phases: map[string]scenario.Phase{},
	}
	if isTerminal(out) && os.Getenv("TERM") != "dumb" {
		s.width = func() int { return columns(out) }
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
	l := look{width: s.width()}
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
	for _, line := range s.drawn {
		b.WriteString(line + "\n")
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

// close leaves the last block on the screen and ignores later updates.
func (s *screen) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
}

// progressBlock is the redrawn form: what happens, a bar, the figures.
func progressBlock(p scenario.Progress) []string {
	head := fmt.Sprintf("%s  %s", p.Scenario, p.Phase)
	switch p.Phase {
	case scenario.Sending:
		head += fmt.Sprintf("  %s %s of %s", bar(p.Elapsed, p.For), round(p.Elapsed), round(p.For))
	case scenario.Draining:
		head += fmt.Sprintf("  waiting for %s (gives up in %s)", orNothing(p.Waiting), round(p.DrainLeft))
	}
	return []string{
		head,
		fmt.Sprintf("  sent %d   delivered %d   in flight %d   %.0f/s", p.Sent, p.Delivered, p.InFlight, p.PerSecond),
		fmt.Sprintf("  %s p50 %.1f ms   p99 %.1f ms", p.Latency, p.P50, p.P99),
	}
}

// progressLine is the form for logs and pipes.
func progressLine(p scenario.Progress) string {
	switch p.Phase {
	case scenario.Provisioning, scenario.Starting, scenario.Grading, scenario.Done:
		return fmt.Sprintf("%s %s", p.Scenario, p.Phase)
	}
	line := fmt.Sprintf("%s %s %s sent=%d delivered=%d in_flight=%d rate=%.0f/s p50=%.1fms p99=%.1fms",
		p.Scenario, p.Phase, round(p.Elapsed), p.Sent, p.Delivered, p.InFlight, p.PerSecond, p.P50, p.P99)
	if p.Phase == scenario.Draining {
		line += " waiting_for=" + fmt.Sprintf("%q", orNothing(p.Waiting))
	}
	return line
}

func orNothing(text string) string {
	if text == "" {
		return "nothing"
	}
	return text
}

func round(d time.Duration) time.Duration {
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Second)
}

func bar(done, of time.Duration) string {
	const cells = 24
	filled := cells
	if of > 0 {
		filled = min(cells, int(cells*done/of))
	}
	return strings.Repeat("█", filled) + strings.Repeat("░", cells-filled)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
