package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestScenarioReadmeShowsWhatOneSees runs the command of a scenario's README
// and compares what it prints with what the README says it prints. What the
// machine decides is masked; what the seed decides must be equal.
func TestScenarioReadmeShowsWhatOneSees(t *testing.T) {
	for _, name := range scenarioNames(true) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			command, expected := readmeRun(t, "../../scenarios/"+name+"/README.md")
			args, isRun := strings.CutPrefix(command, "go run ./cmd/weir run ")
			if !isRun {
				t.Fatalf("the README's first command is %q", command)
			}
			g := runWeir(t, sabotage{}, strings.Fields(args)...)
			_, printed, _ := strings.Cut(g.screen, "\n"+name+"  ")
			got, want := mask(name+"  "+printed), mask(expected)
			if got != want {
				t.Errorf("the README says\n%s\nand one sees\n%s", want, got)
			}
			if len(g.broken()) > 0 {
				t.Errorf("failed: %q", g.broken())
			}
		})
	}
}

// readmeRun is the first command of a README and the block after it.
func readmeRun(t *testing.T, path string) (command, output string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?s)```sh\n([^\n]+)\n```\n.*?\n```\n(.*?)```\n").FindStringSubmatch(string(text))
	if m == nil {
		t.Fatalf("%s has no command followed by its output", path)
	}
	return m[1], m[2]
}

// mask hides what depends on the machine and the moment: times, memory, the run
// id, order, what an at-least-once hop doubled, and whether a latency objective
// was met.
func mask(output string) string {
	for _, hide := range []struct{ pattern, with string }{
		{`  (PASS|FAIL)  [0-9.]+m?s of load`, "  VERDICT  TIME of load"},
		{`run r-[0-9a-f-]+`, "run ID"},
		{`(at-least-once( +\d+){4}) +\d+ +\d+`, "$1 DUPLICATES ORDER"},
		{`, \d+ duplicates \(want 0 lost\)`, ""},
		{`(exactly-once( +\d+){5}) +\d+`, "$1 ORDER"},
		{`(?m)^(  \S.*?)( +[0-9]+\.[0-9]){5}$`, "$1 LATENCIES"},
		{`  [✓✗] p99 (\S+): [0-9.]+ ms`, "  - p99 $1: LATENCY"},
		{`first graded event \d+ ms`, "first graded event TIME"},
		{`peak memory \d+ MB \(.*\)`, "peak memory SIZE"},
		{` +`, " "}, // columns are as wide as their numbers
	} {
		output = regexp.MustCompile(hide.pattern).ReplaceAllString(output, hide.with)
	}
	return strings.TrimSpace(output)
}
