package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/weirstream/weir/platform/scenario"
)

// disturbed is a run's progress some tenths of a second into its faults.
func disturbed(state scenario.FaultState, since time.Duration) scenario.Progress {
	p := sending(4)
	p.Faults = scenario.FaultsProgress{
		Planned: 3, Next: "split location-offers", NextIn: 1234 * time.Millisecond,
		Begun: []scenario.FaultProgress{
			{Number: 2, Name: "kill app", At: 2 * time.Second, State: scenario.FaultRecovering, Since: 1500 * time.Millisecond, Redelivered: 4},
			{
				Number: 1, Name: "throttle location-signups PutRecords", At: 1500 * time.Millisecond, For: 2 * time.Second,
				State: state, Since: since, Redelivered: 41, Doubled: 1, Recovered: 900 * time.Millisecond,
			},
		},
	}
	return p
}

func TestScreenShowsFaults(t *testing.T) {
	t.Parallel()
	const head = "  faults 2 of 3   next: split location-offers in 1.2 s\n"
	const killed = "    ◌ kill app   recovering for 1.5 s, 4 redelivered"
	for _, test := range []struct {
		name string
		p    scenario.Progress
		want string
	}{
		{
			"at work", disturbed(scenario.FaultActive, 500*time.Millisecond),
			head + "    ● throttle location-signups PutRecords   1.5 s left, 41 redelivered, 1 doubled\n" + killed,
		},
		{
			"past its end", disturbed(scenario.FaultActive, 3*time.Second),
			head + "    ● throttle location-signups PutRecords   for 3.0 s, 41 redelivered, 1 doubled\n" + killed,
		},
		{
			"recovered", disturbed(scenario.FaultRecovered, time.Second),
			head + killed + "\n    ✓ throttle location-signups PutRecords   recovered in 0.9 s, 41 redelivered, 1 doubled",
		},
		{"long ago", disturbed(scenario.FaultRecovered, time.Minute), head + killed},
		{
			"never", disturbed(scenario.FaultUnrecovered, time.Second),
			head + "    ✗ throttle location-signups PutRecords   not recovered from, 41 redelivered, 1 doubled\n" + killed,
		},
	} {
		if got := strings.Join(faultsBlock(test.p), "\n"); got != test.want {
			t.Errorf("%s: got\n%s\nwant\n%s", test.name, got, test.want)
		}
	}
	if lines := faultsBlock(sending(1)); lines != nil {
		t.Errorf("a run without faults shows %q", lines)
	}
}

func TestScreenKeepsManyFaultsShort(t *testing.T) {
	t.Parallel()
	p := sending(4)
	p.Faults.Planned = 30
	for n := range 30 {
		state := []scenario.FaultState{scenario.FaultActive, scenario.FaultRecovering, scenario.FaultRecovered}[n/10]
		p.Faults.Begun = append(p.Faults.Begun, scenario.FaultProgress{
			Number: n + 1, Name: fmt.Sprint("fault ", n), State: state, Since: time.Duration(n) * 100 * time.Millisecond,
		})
	}
	got := faultsBlock(p)
	if len(got) != 1+faultsShown+1+1+1+recoveredShown {
		t.Errorf("%d lines:\n%s", len(got), strings.Join(got, "\n"))
	}
	for _, line := range []string{"    ● and 5 more", "    ◌ and 9 more, for 1.9 s at most"} {
		if !slices.Contains(got, line) {
			t.Errorf("lacks %q:\n%s", line, strings.Join(got, "\n"))
		}
	}
	v := newTerminal(t, 80)
	s := newScreen(v, 1)
	s.width, s.height = func() int { return 80 }, func() int { return 6 }
	for range 3 {
		s.update(p)
	}
	if rows := strings.Split(v.text(), "\n"); len(rows) != 5 || !strings.HasPrefix(rows[0], "location  sending") {
		t.Errorf("in six rows:\n%s", v.text())
	}
}

// In a pipe each fault is told twice, however often the progress is.
func TestPipedFaultsAreToldOnce(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	s := newScreen(&out, 1)
	s.update(sending(4))
	for range 3 {
		s.update(disturbed(scenario.FaultActive, time.Second))
	}
	for range 3 {
		s.update(disturbed(scenario.FaultRecovered, time.Second))
	}
	var got []string
	for line := range strings.Lines(out.String()) {
		if strings.Contains(line, " fault ") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	want := []string{
		"location fault 2/3 kill app begins at 2s",
		"location fault 1/3 throttle location-signups PutRecords begins at 1.5s for 2s",
		"location fault 1/3 throttle location-signups PutRecords recovered in 900ms, redelivered=41 doubled=1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestMarksArePaintedAndNothingElse(t *testing.T) {
	t.Parallel()
	l := look{width: 80, colours: true}
	if got := l.paintMark("    ● kill app   for 1.0 s ●"); got != "    \x1b[31m●\x1b[0m kill app   for 1.0 s ●" {
		t.Errorf("got %q", got)
	}
	for _, line := range []string{"  faults 1 of 2", "location  sending  ███", ""} {
		if got := l.paintMark(line); got != line {
			t.Errorf("%q became %q", line, got)
		}
	}
	if got := (look{width: 80}).paintMark("    ✓ kill app"); got != "    ✓ kill app" {
		t.Errorf("painted without colours: %q", got)
	}
}
