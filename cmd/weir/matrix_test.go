package main

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/weirstream/weir/platform/scenario"
)

func TestMatrixMakesEveryRun(t *testing.T) {
	t.Parallel()
	keep := t.TempDir()
	args := []string{"chaos", "matrix", "--presets", "calm,poison", "--seeds", "1-2", "--from", "calm/2", "--for", "1s", "--rate", "25", "--devices", "20", "--keep", keep}
	p := start(t, args...)
	code := p.exit()
	said := p.seen.String()
	for _, want := range []string{"calm     seed 2", "poison   seed 1", "poison   seed 2", "3 of 3 runs in "} {
		if !strings.Contains(said, want) {
			t.Errorf("does not say %q:\n%s", want, said)
		}
	}
	if strings.Contains(said, "calm     seed 1") {
		t.Errorf("made a run before --from:\n%s", said)
	}
	if late := strings.Contains(said, "LATE"); code != exitPass && !late || late && code != exitFailed {
		t.Errorf("exit %d after:\n%s", code, said)
	}
}

func TestMatrixInterruptedSaysHowToGoOn(t *testing.T) {
	t.Parallel()
	p := start(t, "chaos", "matrix", "--presets", "calm", "--seeds", "1-9", "--for", "1s", "--rate", "25", "--devices", "20", "--set", "aggregation=on")
	p.waitFor("^(pass|LATE) +calm +seed 1 ")
	p.interrupt()
	code := p.exit()
	said := p.seen.String()
	if !strings.Contains(said, "weir chaos matrix location --presets calm --seeds 1-9 --from calm/") || !strings.Contains(said, "--set aggregation=on") {
		t.Errorf("does not say how to go on:\n%s", said)
	}
	if late := strings.Contains(said, "LATE"); code != exitInterrupted && !late {
		t.Errorf("exit %d, want %d:\n%s", code, exitInterrupted, said)
	}
}

func TestMatrixJudges(t *testing.T) {
	t.Parallel()
	passed := scenario.Outcome{Name: "every offer correct", Pass: true}
	late := scenario.Outcome{Name: "p99 signup→offer", Got: "245.0 ms", Want: "≤ 150 ms"}
	lost := scenario.Outcome{Name: "hop a → b", Got: "1 lost (7)\nmore", Want: "0 lost"}
	for _, test := range []struct {
		name    string
		verdict scenario.Verdict
		err     error
		want    matrixGrade
		says    string
	}{
		{"pass", scenario.Verdict{
			Pass: true, Outcomes: []scenario.Outcome{passed},
			Hops: []scenario.HopVerdict{
				{Guarantee: scenario.AtLeastOnce, Duplicates: 3}, {Guarantee: scenario.AtLeastOnce, Duplicates: 4}, {Guarantee: scenario.ExactlyOnce},
			},
			Faults: []scenario.Fault{{RecoveredAfterMs: 20}, {RecoveredAfterMs: 1234.4}, {}},
		}, nil, matrixPass, "3 faults: 0 lost, 7 redelivered, 0 doubled, slowest recovery 1234 ms"},
		{"late", scenario.Verdict{Outcomes: []scenario.Outcome{passed, late}}, nil, matrixLate, "p99 signup→offer: 245.0 ms (want ≤ 150 ms)"},
		{"late and lost", scenario.Verdict{Outcomes: []scenario.Outcome{late, lost}}, nil, matrixFail, "hop a → b: 1 lost (7) (want 0 lost)"},
		{"no outcome", scenario.Verdict{}, nil, matrixFail, "did not come to its end"},
		{"no verdict", scenario.Verdict{}, errors.New("no verdict\nexit status 2"), matrixBroken, "no verdict: exit status 2"},
	} {
		grade, said := judge(test.verdict, test.err)
		if grade != test.want || !strings.Contains(said, test.says) {
			t.Errorf("%s: %s %q, want %s %q", test.name, grade, said, test.want, test.says)
		}
	}
	one := &matrix{runs: make([]matrixRun, 2)}
	for _, test := range []struct {
		count       map[matrixGrade]int
		interrupted bool
		want        int
	}{
		{map[matrixGrade]int{matrixPass: 2}, false, exitPass},
		{map[matrixGrade]int{matrixPass: 1, matrixLate: 1}, false, exitFailed},
		{map[matrixGrade]int{matrixPass: 1, matrixBroken: 1}, false, exitFailed},
		{map[matrixGrade]int{matrixPass: 1, matrixFail: 1}, true, exitFailed},
		{map[matrixGrade]int{matrixPass: 1}, true, exitInterrupted},
	} {
		if got := exitCode(one.conclude(test.count, test.interrupted)); got != test.want {
			t.Errorf("%v, interrupted %v: exit %d, want %d", test.count, test.interrupted, got, test.want)
		}
	}
}

func TestSeedsAreRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]uint64{
		"7": {7}, "1-3": {1, 2, 3}, "1,4, 7-8": {1, 4, 7, 8}, "0": {0}, "18446744073709551615": {1<<64 - 1},
		"18446744073709551614-18446744073709551615": {1<<64 - 2, 1<<64 - 1},
		"": nil, "3-1": nil, "1-": nil, "-1": nil, "1-10001": nil, "0-18446744073709551615": nil, "1,": nil, "x": nil,
	} {
		got, err := parseSeeds(text)
		if !slices.Equal(got, want) || (err == nil) != (want != nil) {
			t.Errorf("%q: %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestReplayIsReadByShells(t *testing.T) {
	t.Parallel()
	got := shellWords([]string{"run", "--chaos", "my file's.yaml", "--set", "a=b", ""})
	if want := `run --chaos 'my file'\''s.yaml' --set a=b ''`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
