// Command testreport reads what `go test -json` writes and prints what a
// person wants of it: all that failing tests and builds said, every skipped
// test with its reason, and Go's own line per package. It exits 1 if anything
// failed or nothing ran.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
)

// event is one line of `go test -json`; see `go doc test2json`.
type event struct {
	Action     string
	Package    string
	Test       string
	ImportPath string // of a build
	Output     string
}

// tally is what the events came to.
type tally struct {
	said                    map[string][]string // output by package and test, or by build
	passed, failed, skipped int                 // tests, subtests counted, and builds that failed
	skips, packages         []string
	failures                []string
}

func main() {
	t := tally{said: map[string][]string{}}
	if err := t.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(1)
	}
	t.print(os.Stdout)
	if len(t.failures) > 0 || t.passed == 0 {
		os.Exit(1)
	}
}

func (t *tally) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			t.line(line)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (t *tally) line(line string) {
	var e event
	if json.Unmarshal([]byte(line), &e) != nil {
		t.packages = append(t.packages, strings.TrimRight(line, "\n")) // not from a test: show it as it is
		return
	}
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output":
		t.output(key, e)
	case "build-output":
		t.said[e.ImportPath] = append(t.said[e.ImportPath], e.Output)
	case "build-fail":
		t.failed++
		t.fail("build of "+e.ImportPath, t.said[e.ImportPath])
	case "fail":
		if e.Test != "" {
			t.failed++
		}
		t.fail(strings.TrimSpace(key), t.said[key])
	case "skip":
		if e.Test != "" {
			t.skipped++
			t.skips = append(t.skips, strings.TrimSpace(key)+": "+reason(t.said[key]))
		}
	case "pass":
		if e.Test != "" {
			t.passed++
		}
		delete(t.said, key)
	}
}

// output keeps what a test says until its fate is known, and Go's line per package.
func (t *tally) output(key string, e event) {
	t.said[key] = append(t.said[key], e.Output)
	if e.Test == "" && (strings.HasPrefix(e.Output, "ok  ") || strings.HasPrefix(e.Output, "FAIL\t")) {
		t.packages = append(t.packages, strings.TrimRight(e.Output, "\n"))
	}
}

func (t *tally) fail(what string, said []string) {
	t.failures = append(t.failures, what+"\n"+strings.Join(said, ""))
}

// reason is what a skipped test said, without Go's own lines.
func reason(said []string) string {
	var words []string
	for _, line := range said {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "===") && !strings.HasPrefix(line, "---") {
			words = append(words, line)
		}
	}
	return strings.Join(words, " ")
}

func (t *tally) print(out io.Writer) {
	for _, failure := range t.failures {
		fmt.Fprintf(out, "\nFAILED %s\n", failure)
	}
	if len(t.skips) > 0 {
		fmt.Fprintln(out, "skipped:")
	}
	for _, skip := range t.skips {
		fmt.Fprintln(out, "  "+skip)
	}
	for _, line := range t.packages {
		fmt.Fprintln(out, line)
	}
	fmt.Fprintf(out, "%d passed, %d failed, %d skipped\n", t.passed, t.failed, t.skipped)
}
