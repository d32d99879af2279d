package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/scenario"
)

// terminal is what a person sees: rows of cells, wrapped at a width. It knows
// the control sequences that the screen uses and fails on any other.
type terminal struct {
	t       *testing.T
	width   int
	rows    [][]rune
	x, y    int
	wrapped map[int]bool // rows that continue the one above
}

func newTerminal(t *testing.T, width int) *terminal {
	return &terminal{t: t, width: width, rows: [][]rune{nil}, wrapped: map[int]bool{}}
}

func (v *terminal) Write(p []byte) (int, error) {
	text := []rune(string(p))
	for i := 0; i < len(text); i++ {
		switch r := text[i]; r {
		case '\r':
			v.x = 0
		case '\n':
			v.x = 0
			v.down()
		case '\x1b':
			end := i + 2 + slices.IndexFunc(text[i+2:], func(r rune) bool { return r >= 'A' })
			v.control(string(text[i+2 : end+1]))
			i = end
		default:
			v.put(r)
		}
	}
	return len(p), nil
}

func (v *terminal) put(r rune) {
	if v.x == v.width {
		v.x = 0
		v.down()
		v.wrapped[v.y] = true
	}
	for len(v.rows[v.y]) <= v.x {
		v.rows[v.y] = append(v.rows[v.y], ' ')
	}
	v.rows[v.y][v.x] = r
	v.x++
}

func (v *terminal) down() {
	if v.y++; v.y == len(v.rows) {
		v.rows = append(v.rows, nil)
	}
}

func (v *terminal) control(sequence string) {
	var up int
	switch {
	case sequence == "J":
		v.rows[v.y] = v.rows[v.y][:min(v.x, len(v.rows[v.y]))]
		v.rows = v.rows[:v.y+1]
	case strings.HasSuffix(sequence, "A"):
		if _, err := fmt.Sscanf(sequence, "%dA", &up); err != nil {
			v.t.Errorf("control sequence %q: %v", sequence, err)
		}
		v.y = max(0, v.y-up)
	default:
		v.t.Errorf("unknown control sequence %q", sequence)
	}
}

// resize wraps what is there anew, as terminals do.
func (v *terminal) resize(width int) {
	var lines []string
	for i, row := range v.rows {
		if v.wrapped[i] {
			lines[len(lines)-1] += string(row)
		} else {
			lines = append(lines, string(row))
		}
	}
	*v = *newTerminal(v.t, width)
	_, _ = io.WriteString(v, strings.Join(lines, "\n"))
}

func (v *terminal) text() string {
	lines := make([]string, 0, len(v.rows))
	for _, row := range v.rows {
		lines = append(lines, strings.TrimRight(string(row), " "))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

func sending(seconds int) scenario.Progress {
	return scenario.Progress{
		Scenario: "location", Phase: scenario.Sending, Elapsed: time.Duration(seconds) * time.Second, For: 20 * time.Second,
		Sent: 4000, Delivered: 3990, InFlight: 7, PerSecond: 200, Latency: "signup→offer", P50: 2.5, P99: 12.5,
	}
}

func TestScreenKeepsOneBlock(t *testing.T) {
	t.Parallel()
	const wide = `location  sending  ████████████░░░░░░░░░░░░ 10s of 20s
  sent 4000   delivered 3990   in flight 7   200/s
  signup→offer p50 2.5 ms   p99 12.5 ms`
	for _, test := range []struct {
		name  string
		width int
		step  func(*screen, *terminal) // between two updates
		want  string
	}{
		{"plain", 80, func(*screen, *terminal) {}, "$ weir run\n" + wide},
		{"a typed ^C", 80, func(_ *screen, v *terminal) { fmt.Fprint(v, "^C") }, "$ weir run\n" + wide},
		{"a log line", 80, func(s *screen, _ *terminal) { fmt.Fprintln(s, "WARN  throttled") }, "$ weir run\nWARN  throttled\n" + wide},
		{"grown", 80, func(_ *screen, v *terminal) { v.resize(200) }, "$ weir run\n" + wide},
		{"shrunk", 80, func(_ *screen, v *terminal) { v.resize(40) }, `$ weir run
location  sending
  ████████████░░░░░░░░░░░░ 10s of 20s
  sent 4000   delivered 3990   in flight
  7   200/s
  signup→offer p50 2.5 ms   p99 12.5 ms`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			v := newTerminal(t, test.width)
			fmt.Fprintln(v, "$ weir run")
			s := newScreen(v, 1)
			s.width = func() int { return v.width }
			for second := range 4 {
				s.update(sending(second))
			}
			test.step(s, v)
			s.update(sending(10))
			s.close()
			s.update(sending(11))
			if got := v.text(); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestVerdictFitsTheTerminal(t *testing.T) {
	t.Parallel()
	v := scenario.Verdict{
		Scenario: "location", Epoch: time.Date(2026, 11, 21, 8, 43, 57, 964e6, time.UTC), RunID: "r-81ec5f70-70ee",
		Hops:          []scenario.HopVerdict{{From: "location-signups", To: "location-offers", Guarantee: scenario.AtLeastOnce, Sent: 59000, Acknowledged: 58000, Received: 58000}},
		Outcomes:      []scenario.Outcome{{Name: "malformed signups refused naming the field", Got: "1000 refused", Want: "1000 refused, no other"}},
		PeakRSSMethod: "summed PSS, sampled at most every 200ms", PeakRSSBytes: 76e6,
	}
	for _, width := range []int{80, 100, 120} {
		var out strings.Builder
		look{width: width}.verdict(&out, v)
		for line := range strings.Lines(out.String()) {
			if n := len([]rune(strings.TrimRight(line, "\n"))); n > width {
				t.Errorf("%d columns: %d in %q", width, n, line)
			}
		}
		for _, said := range []string{"59000", "✗", "no other", "r-81ec5f70-70ee", "76 MB"} {
			if !strings.Contains(out.String(), said) {
				t.Errorf("%d columns: lacks %q:\n%s", width, said, out.String())
			}
		}
	}
}

// A run that was interrupted says at once what it still waits for.
func TestScreenSaysWhatAnInterruptedRunWaitsFor(t *testing.T) {
	t.Parallel()
	p := sending(1)
	p.Phase, p.Waiting = scenario.Closing, "what closes the plan"
	if head, line := progressBlock(p)[0], progressLine(p); !strings.Contains(head, "interrupted: waiting for what closes the plan") ||
		!strings.Contains(line, `closing`) || !strings.Contains(line, `waiting_for="what closes the plan"`) {
		t.Errorf("%s\n%s", head, line)
	}
}

// weir simulate cannot see what only an audit finds.
func TestScreenSaysNothingOfWhatNobodySees(t *testing.T) {
	t.Parallel()
	p := sending(1)
	p.Delivered, p.InFlight, p.Acked, p.Unseen = 0, 3998, 3998, true
	for _, text := range append(progressBlock(p), progressLine(p)) {
		if strings.Contains(text, "delivered") || strings.Contains(text, "flight") || strings.Contains(text, "sent") && !strings.Contains(text, "acknowledged") {
			t.Error(text)
		}
	}
}
