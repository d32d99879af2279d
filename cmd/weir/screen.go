package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/weirstream/weir/platform/scenario"
)

// screen shows the progress of runs: on a terminal one block, redrawn in
// place; elsewhere one line per scenario and second.
type screen struct {
	out      io.Writer
	terminal bool
	width    int

	mu      sync.Mutex
	latest  map[string]scenario.Progress
	lines   int // drawn lines to go back over
	printed map[string]time.Duration
	phases  map[string]scenario.Phase
	closed  bool
}

func newScreen(out io.Writer, scenarios int) *screen {
	s := &screen{
		out: out, latest: make(map[string]scenario.Progress, scenarios),
		printed: map[string]time.Duration{}, phases: map[string]scenario.Phase{},
	}
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb" {
		s.terminal = true
		s.width, _, _ = term.GetSize(int(f.Fd()))
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
	if s.terminal {
		s.redraw()
		return
	}
	if p.Phase != s.phases[p.Scenario] || p.Elapsed-s.printed[p.Scenario] >= time.Second {
		s.phases[p.Scenario], s.printed[p.Scenario] = p.Phase, p.Elapsed
		fmt.Fprintln(s.out, progressLine(p))
	}
}

func (s *screen) redraw() {
	var b strings.Builder
	if s.lines > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", s.lines)
	}
	s.lines = 0
	for _, name := range sortedKeys(s.latest) {
		for _, line := range progressBlock(s.latest[name]) {
			b.WriteString("\x1b[2K" + clip(line, s.width) + "\n")
			s.lines++
		}
	}
	_, _ = io.WriteString(s.out, b.String())
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
		fmt.Sprintf("  sent %d   delivered %d   in flight %d   %.0f/s   %s p50 %.1f ms  p99 %.1f ms",
			p.Sent, p.Delivered, p.InFlight, p.PerSecond, p.Latency, p.P50, p.P99),
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

// clip keeps a line on one row of the terminal, or the redraw would drift.
func clip(line string, width int) string {
	runes := []rune(line)
	if width <= 0 || len(runes) < width {
		return line
	}
	return string(runes[:width-1])
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
